using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Work that goes on when its request has ended, while the server uses the request's objects for other requests.</summary>
public sealed class HttpContextIdentityOutlivingTests
{
    [Theory]
    [InlineData("alice", false)]
    [InlineData("alice", true)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    public async Task Task_that_outlives_its_request_is_anonymous(string? user, bool http2)
    {
        var held = new AsyncGate();
        Task<ClaimsPrincipal?> outliving = null!;
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app =>
            {
                app.MapGet("/start", context =>
                {
                    outliving = Task.Run(async () =>
                    {
                        await held.WaitAsync();
                        return server.Accessor.User;
                    });
                    return context.Response.WriteAsync("started");
                });
                app.MapGet("/who", context => context.Response.WriteAsync(UserNames.Of(server.Accessor.User)));
            },
            http2);
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/start", user);

            // On one connection the next answer comes when the request before has ended.
            Assert.Equal("bob", await server.GetAsync(client, "/who", "bob"));
            held.Release();

            ClaimsPrincipal? seen = await outliving.WaitAsync(AsyncGate.Patience);
            Assert.NotNull(seen);
            Assert.Empty(seen.Identities);
        }
    }

    [Theory]
    [InlineData("alice", false)]
    [InlineData("alice", true)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    public async Task Task_that_outlives_its_request_never_sees_users_of_later_requests(string? user, bool http2)
    {
        const int Requests = 300;
        Watcher watcher = null!;
        HashSet<string> connections = [];
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app =>
            {
                app.MapGet("/start", async context =>
                {
                    connections.Add(context.Connection.Id);
                    watcher = new Watcher(() => UserNames.Of(server.Accessor.User));
                    await watcher.LooksAsync();
                    await context.Response.WriteAsync("started");
                });
                app.MapGet("/who", async context =>
                {
                    connections.Add(context.Connection.Id);
                    await watcher.LooksAsync();
                    await context.Response.WriteAsync(UserNames.Of(server.Accessor.User));
                });
            },
            http2);
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/start", user);
            Assert.Equal("bob", await server.GetAsync(client, "/who", "bob"));
            IEnumerable<string> atTheEnd = [.. watcher.Seen];
            await watcher.ForgetAsync();
            for (int number = 0; number < Requests; number++)
            {
                string? other = number % 10 == 0 ? null : $"user-{number}";
                Assert.Equal(other ?? UserNames.Anonymous, await server.GetAsync(client, "/who", other));
            }

            await watcher.StopAsync();

            Assert.Equal(user is null ? [UserNames.Anonymous] : [user, UserNames.Anonymous], atTheEnd);
            Assert.Equal([UserNames.Anonymous], watcher.Seen);
            Assert.Single(connections);
        }
    }

    [Fact]
    public async Task Task_of_each_of_many_requests_sees_its_user_then_anonymous()
    {
        const int Requests = 40;
        List<Watcher> watchers = [];
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app => app.MapGet("/", async context =>
            {
                var watcher = new Watcher(() =>
                {
                    Thread.Yield();
                    return UserNames.Of(server.Accessor.User);
                });
                watchers.Add(watcher);
                await watcher.LooksAsync();
                await context.Response.WriteAsync("started");
            }));
        await using (server)
        {
            using HttpClient client = server.NewClient();
            for (int number = 0; number < Requests; number++)
            {
                await server.GetAsync(client, "/", $"user-{number}");
                if (number >= 2)
                {
                    await watchers[number - 2].LooksAsync();
                    await watchers[number - 2].StopAsync();
                }
            }

            await Task.WhenAll(watchers.Select(watcher => watcher.StopAsync()));
            Assert.Equal(
                Enumerable.Range(0, Requests - 2).Select(number => $"{UserNames.Anonymous}, user-{number}"),
                watchers.SkipLast(2).Select(watcher => string.Join(", ", watcher.Seen)));
        }
    }

    [Fact]
    public async Task Task_that_sets_its_user_keeps_it_after_its_request()
    {
        var held = new AsyncGate();
        Task<string> outliving = null!;
        InboundServer server = null!;
        server = await InboundServer.StartAsync(null, app =>
        {
            app.MapGet("/start", context =>
            {
                outliving = AmbientIdentity.RunAsync(context.User, async () =>
                {
                    await held.WaitAsync();
                    return UserNames.Of(server.Accessor.User);
                });
                return context.Response.WriteAsync("started");
            });
            app.MapGet("/who", context => context.Response.WriteAsync(UserNames.Of(server.Accessor.User)));
        });
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/start", "alice");
            Assert.Equal("bob", await server.GetAsync(client, "/who", "bob"));
            held.Release();

            Assert.Equal("alice", await outliving.WaitAsync(AsyncGate.Patience));
        }
    }

    [Theory]
    [InlineData(MissingIdentityBehavior.Forward)]
    [InlineData(MissingIdentityBehavior.Reject)]
    public async Task Call_of_a_task_that_outlives_its_request_is_sent_anonymously(MissingIdentityBehavior missing)
    {
        var held = new AsyncGate();
        Task<string> outliving = null!;
        await using WireServer backend = await WireServer.StartAsync();
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            services =>
            {
                services.AddHttpClient("backend").AddClaimInjection(options =>
                {
                    options.TrustedOrigins.Add(backend.Uri);
                    options.MissingIdentity = missing;
                });
                services.AddHttpContextIdentity();
            },
            app => app.MapGet("/", async context =>
            {
                await CallAsync(forged: null);
                outliving = Task.Run(async () =>
                {
                    await held.WaitAsync();
                    return await CallAsync(forged: "mallory");
                });
                await context.Response.WriteAsync("started");
            }));
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/", "alice");
            using HttpResponseMessage next = await client.SendAsync(server.NewRequest("/none", "bob"));
            held.Release();
            await outliving.WaitAsync(AsyncGate.Patience);
        }

        Assert.Equal([["alice"], []], backend.Heads.Select(head => head.Identity.Select(header => header.Value).ToArray()));

        async Task<string> CallAsync(string? forged)
        {
            using HttpClient http = server.Services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
            using var request = new HttpRequestMessage(HttpMethod.Get, backend.Uri);
            if (forged is not null)
            {
                request.Headers.TryAddWithoutValidation("X-User-Sub", forged);
            }

            using HttpResponseMessage response = await http.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }
    }
}
