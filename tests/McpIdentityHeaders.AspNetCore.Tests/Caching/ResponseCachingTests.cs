using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Caching;

/// <summary>No cache of the server's serves what one user got to another, and none in front of it may.</summary>
public sealed class ResponseCachingTests
{
    public enum Setting
    {
        ByEndpoint,
        InFront,
        WhenStarting,
        WhenStartingInFront,
    }

    public static TheoryData<string, Setting> Caches()
    {
        var data = new TheoryData<string, Setting>();
        foreach (string caches in new[] { "response", "output" })
        {
            foreach (Setting setting in Enum.GetValues<Setting>())
            {
                data.Add($"{caches} before", setting);
                data.Add($"{caches} after", setting);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Public_response_to_one_user_is_never_served_to_another(string cache, Setting setting)
    {
        await using ReceivingHost host = await StartAsync(cache, setting, "public, max-age=600, s-maxage=600");

        RawResponse alices = await host.GetAsync("/cached", "X-User-Sub: alice");
        RawResponse bobs = await host.GetAsync("/cached", "X-User-Sub: bob");
        RawResponse anonymous = await host.GetAsync("/cached");

        Assert.Equal(["alice"], alices.User.Values("sub"));
        Assert.Equal(["bob"], bobs.User.Values("sub"));
        Assert.Empty(anonymous.User.Values("sub"));
        Assert.Equal(["max-age=600, private"], alices.Values("Cache-Control"));
    }

    [Theory]
    [MemberData(nameof(Caches))]
    public async Task Page_that_was_cached_for_anonymous_users_is_never_served_to_one_user(string cache, Setting setting)
    {
        await using ReceivingHost host = await StartAsync(cache, setting, "public, max-age=600, s-maxage=600");

        await host.GetAsync("/cached");
        RawResponse alices = await host.GetAsync("/cached", "X-User-Sub: alice");
        await host.GetAsync("/cached");
        int before = host.Reached.Count;
        RawResponse bobs = await host.GetAsync("/cached", "Cache-Control: max-stale", "X-User-Sub: bob");

        Assert.Equal(["alice"], alices.User.Values("sub"));
        Assert.Equal(before + 1, host.Reached.Count);
        Assert.Equal(["bob"], bobs.User.Values("sub"));
    }

    [Theory]
    [InlineData("response before", "X_User_Sub: alice", 400)]
    [InlineData("output before", "X_User_Sub: alice", 400)]
    [InlineData("response before", "X-User-Name: Alice", 400)]
    [InlineData("output before", "X-User-Name: Alice", 400)]
    public async Task Request_that_is_refused_is_not_answered_from_a_cache(string cache, string line, int status)
    {
        await using ReceivingHost host = await StartAsync(cache, Setting.ByEndpoint, "public, max-age=600");

        await host.GetAsync("/cached");
        RawResponse refused = await host.GetAsync("/cached", line);

        Assert.Equal(status, refused.Status);
    }

    [Fact]
    public async Task User_does_not_wait_for_what_an_anonymous_request_will_get()
    {
        var entered = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        await using ReceivingHost host = await StartAsync("output before", Setting.ByEndpoint, "public, max-age=600", async context =>
        {
            if (context.User.Identity?.IsAuthenticated != true)
            {
                entered.TrySetResult();
                await released.Task;
            }
        });

        Task<RawResponse> anonymous = host.GetAsync("/cached");
        await entered.Task;
        RawResponse alices = await host.GetAsync("/cached", "X-User-Sub: alice").WaitAsync(TimeSpan.FromSeconds(30));
        released.SetResult();

        Assert.Equal(["alice"], alices.User.Values("sub"));
        Assert.False((await anonymous).User.IsAuthenticated);
    }

    [Theory]
    [InlineData("response")]
    [InlineData("output")]
    public async Task Page_that_was_cached_for_anonymous_users_is_not_served_to_an_assertion(string cache)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            services: AddCaches, before: app => Use(app, $"{cache} before", "before"), map: app => app.MapGet("/cached", context =>
            {
                context.Response.Headers.CacheControl = "public, max-age=600";
                return context.Response.WriteAsync(context.User.FindFirst("sub")?.Value ?? "anonymous");
            }));
        var uri = new Uri(hosts.Backend, "/cached");

        string first = await ReadAsync(hosts, user: null, uri);
        string alices = await ReadAsync(hosts, Users.Named("alice"), uri);
        string bobs = await ReadAsync(hosts, Users.Named("bob"), uri);
        string last = await ReadAsync(hosts, user: null, uri);

        Assert.Equal("anonymous alice bob anonymous", $"{first} {alices} {bobs} {last}");
    }

    [Fact]
    public async Task Policy_of_the_application_may_cache_for_each_user_behind_authentication()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
            services: services => services.AddOutputCache(),
            map: app =>
            {
                app.UseOutputCache();
                app.MapGet("/user", () => Results.Bytes(Guid.NewGuid().ToByteArray()))
                    .CacheOutput(policy => policy.AddPolicy<CacheForEachUser>(), excludeDefaultPolicy: true);
            });

        RawResponse first = await host.GetAsync("/user", "X-User-Sub: alice");
        RawResponse again = await host.GetAsync("/user", "X-User-Sub: alice");
        RawResponse bobs = await host.GetAsync("/user", "X-User-Sub: bob");

        Assert.Equal(first.Body, again.Body);
        Assert.NotEqual(first.Body, bobs.Body);
    }

    [Fact]
    public async Task Refused_identity_leaves_nothing_in_a_cache_of_the_application()
    {
        // Each forged request has a key of its own: stored, they would push out all else.
        var store = new RecordingStore();
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
            services: services => services
                .AddOutputCache(
                    options => options.AddBasePolicy(policy => policy.AddPolicy<CacheForEachUser>(), excludeDefaultPolicy: true))
                .AddSingleton<IOutputCacheStore>(store),
            before: app => app.UseOutputCache());

        RawResponse refused = await host.GetAsync("/open", "X_User_Sub: alice");
        int stored = store.Count;
        await host.GetAsync("/open");

        Assert.Equal((400, 0), (refused.Status, stored));
        Assert.Equal(1, store.Count);
    }

    [Theory]
    [InlineData("response before")]
    [InlineData("output before")]
    public async Task Response_without_an_identity_is_cached_as_ever(string cache)
    {
        await using ReceivingHost host = await StartAsync(cache, Setting.ByEndpoint, "public, max-age=600");

        await host.GetAsync("/cached");
        RawResponse again = await host.GetAsync("/cached");

        Assert.Equal(["/cached"], host.Reached);
        Assert.Equal(["public, max-age=600"], again.Values("Cache-Control"));
        Assert.NotEmpty(again.Values("Age"));
    }

    [Theory]
    [InlineData(null, "private")]
    [InlineData("no-cache", "no-cache, private")]
    [InlineData("no-store, public", "no-store, public")]
    [InlineData("no-store, must-understand, max-age=60", "no-store, max-age=60, private, must-understand")]
    [InlineData("private=\"X-A\", max-age=5", "max-age=5, private")]
    [InlineData("public; no-cache", "public; no-cache, private")]
    public async Task Directives_of_the_application_are_kept(string? set, string expected)
    {
        await using ReceivingHost host = await StartAsync("none", Setting.ByEndpoint, set);

        RawResponse response = await host.GetAsync("/cached", "X-User-Sub: alice");

        Assert.Equal([expected], response.Values("Cache-Control"));
    }

    [Fact]
    public async Task Directives_for_some_caches_alone_are_removed_for_a_user()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
            map: app => app.MapGet("/cached", context =>
            {
                context.Response.Headers["CDN-Cache-Control"] = "max-age=60";
                context.Response.Headers["Surrogate-Control"] = "max-age=60";
                return ReceivingHost.AnswerUserAsync(context);
            }));

        RawResponse alices = await host.GetAsync("/cached", "X-User-Sub: alice");
        RawResponse anonymous = await host.GetAsync("/cached");

        Assert.All(["CDN-Cache-Control", "Surrogate-Control"], name => Assert.Empty(alices.Values(name)));
        Assert.Equal(["max-age=60"], anonymous.Values("CDN-Cache-Control"));
    }

    [Fact]
    public async Task Response_that_has_no_body_or_is_refused_stays_what_it_was()
    {
        await using ReceivingHost host = await StartAsync("response before", Setting.ByEndpoint, "public, max-age=600");

        RawResponse missing = await host.GetAsync("/missing", "X-User-Sub: alice");
        RawResponse refused = await host.GetAsync("/cached", "X-User-Sub: alice", "X-User-Sub: bob");

        Assert.Equal(404, missing.Status);
        Assert.Equal(["private"], missing.Values("Cache-Control"));
        Assert.Equal(400, refused.Status);
    }

    private static async Task<string> ReadAsync(AssertionHosts hosts, ClaimsPrincipal? user, Uri uri)
    {
        using HttpResponseMessage response = await hosts.SendAsync(user, new HttpRequestMessage(HttpMethod.Get, uri));
        return await response.Content.ReadAsStringAsync();
    }

    private static void AddCaches(IServiceCollection services) => services.AddResponseCaching()
        .AddOutputCache(options => options.AddBasePolicy(policy => policy.Expire(TimeSpan.FromMinutes(5))));

    private static Task<ReceivingHost> StartAsync(
        string cache, Setting setting, string? cacheControl, Func<HttpContext, Task>? run = null) => ReceivingHost.StartAsync(
        schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
        services: AddCaches,
        before: app =>
        {
            app.Use((context, next) =>
            {
                Set(context, setting, inFront: true, cacheControl);
                return next(context);
            });
            Use(app, cache, "before");
        },
        map: app =>
        {
            Use(app, cache, "after");
            app.MapGet("/cached", async context =>
            {
                await (run?.Invoke(context) ?? Task.CompletedTask);
                Set(context, setting, inFront: false, cacheControl);
                await ReceivingHost.AnswerUserAsync(context);
            });
        });

    private static void Use(WebApplication app, string cache, string place)
    {
        if (cache == $"response {place}")
        {
            app.UseResponseCaching();
        }
        else if (cache == $"output {place}")
        {
            app.UseOutputCache();
        }
    }

    private static void Set(HttpContext context, Setting setting, bool inFront, string? cacheControl)
    {
        if (inFront != (setting is Setting.InFront or Setting.WhenStartingInFront) || cacheControl is null)
        {
            return;
        }

        if (setting is Setting.WhenStarting or Setting.WhenStartingInFront)
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.CacheControl = cacheControl;
                return Task.CompletedTask;
            });
        }
        else
        {
            context.Response.Headers.CacheControl = cacheControl;
        }
    }

    private sealed class RecordingStore : IOutputCacheStore
    {
        private int _count;

        public int Count => _count;

        public ValueTask EvictByTagAsync(string tag, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => ValueTask.FromResult<byte[]?>(null);

        public ValueTask SetAsync(string key, byte[] value, string[]? tags, TimeSpan validFor, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _count);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class CacheForEachUser : IOutputCachePolicy
    {
        public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
        {
            (context.EnableOutputCaching, context.AllowCacheLookup, context.AllowCacheStorage) = (true, true, true);
            context.CacheVaryByRules.VaryByValues["user"] = context.HttpContext.User.FindFirst("sub")?.Value ?? "";
            return ValueTask.CompletedTask;
        }

        public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

        public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;
    }
}
