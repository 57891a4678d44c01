using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// A cache by RFC 9111 on the client, in front of the identity handlers, and a real backend with responses that are for one user.
/// </summary>
public sealed class SharedCacheTests : IAsyncLifetime
{
    private const string User = "X-User-Sub";

    /// <summary>The lines that a backend answers with.</summary>
    private static readonly Dictionary<string, string> Cached = new()
    {
        ["max-age"] = "Cache-Control: max-age=60|Vary: X-User-Sub",
        ["alias in Vary"] = "Cache-Control: max-age=60|Vary: x_user_sub",
        ["no Vary"] = "Cache-Control: max-age=60",
        ["public"] = "Cache-Control: public, max-age=60|Vary: X-User-Sub",
        ["s-maxage"] = "Cache-Control: s-maxage=60|Vary: X-User-Sub",
        ["two lines"] = "Cache-Control: public|Cache-Control: max-age=60, stale-while-revalidate=30|Vary: Accept, X-User-Sub",
        ["private for one header"] = "Cache-Control: private=\"Set-Cookie\", max-age=60",
        ["does not parse"] = "Cache-Control: public, max-age=60, min-fresh=x|Expires: Fri, 01 Jan 2100 00:00:00 GMT",
        ["Expires"] = "Expires: Fri, 01 Jan 2100 00:00:00 GMT|Vary: X-User-Sub",
        ["Last-Modified"] = "Last-Modified: Fri, 01 Jan 2010 00:00:00 GMT|Vary: X-User-Sub",
        ["nothing"] = string.Empty,
        ["must-understand"] = "Cache-Control: must-understand, no-store, max-age=60|Vary: X-User-Sub",
        ["for a CDN"] = "Cache-Control: no-store|CDN-Cache-Control: max-age=60|Vary: X-User-Sub",
        ["for a CDN alone"] = "CDN-Cache-Control: max-age=60|Vary: X-User-Sub",
    };

    private WebApplication _backend = null!;
    private string _lines = string.Empty;

    /// <summary>What a backend answers with that says of each response that it depends on the identity.</summary>
    private static readonly Dictionary<string, string> Varied = new()
    {
        ["max-age"] = "Cache-Control: max-age=60|Vary: X-User-Sub",
        ["public"] = "Cache-Control: public|Vary: Accept, x-user-sub",
        ["alias"] = "Cache-Control: max-age=60|Vary: X_USER_EMAIL",
        ["two lines"] = "Cache-Control: max-age=60|Vary: Accept|Vary: Origin,X-User-Name",
        ["heuristic"] = "Vary: X-User-Sub",
        ["for a CDN"] = "Cache-Control: private|CDN-Cache-Control: max-age=60|Vary: X-User-Sub",
    };

    public static TheoryData<string, bool> Cases() => TheoryCases.InBothWays(Cached.Keys);

    public static TheoryData<string, bool> VariedCases() => TheoryCases.InBothWays(Varied.Keys);

    public async Task InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _backend = builder.Build();
        _backend.Map("/{**path}", context =>
        {
            foreach (string line in _lines.Split('|', StringSplitOptions.RemoveEmptyEntries))
            {
                context.Response.Headers.Append(line.Split(": ")[0], line.Split(": ")[1]);
            }

            context.Response.StatusCode = context.Request.Path.Value switch
            {
                "/moved" => StatusCodes.Status302Found,
                "/missing" => StatusCodes.Status404NotFound,
                "/denied" => StatusCodes.Status403Forbidden,
                _ => StatusCodes.Status200OK,
            };
            if (context.Request.Path == "/moved")
            {
                context.Response.Headers.Location = "/here";
            }

            return context.Response.WriteAsync(context.Request.Headers[User].ToString());
        });
        await _backend.StartAsync();
    }

    public async Task DisposeAsync() => await _backend.DisposeAsync();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task No_user_gets_the_response_to_another(string name, bool synchronous)
    {
        _lines = Cached[name];
        foreach (CacheKind kind in new[] { CacheKind.Shared, CacheKind.Lenient })
        {
            using HttpClient client = CreateClient(new SharedCacheHandler(kind));

            Assert.Equal("alice", await GetAsync(client, Users.Alice, synchronous: synchronous));
            Assert.Equal("bob", await GetAsync(client, Users.Bob, synchronous: synchronous));
            Assert.Equal(string.Empty, await GetAsync(client, Users.Anonymous, synchronous: synchronous));
        }
    }

    [Theory]
    [MemberData(nameof(VariedCases))]
    public async Task User_does_not_get_the_response_to_no_identity(string name, bool synchronous)
    {
        _lines = Varied[name];
        foreach (CacheKind kind in new[] { CacheKind.Shared, CacheKind.Lenient })
        {
            using HttpClient client = CreateClient(new SharedCacheHandler(kind));

            Assert.Equal(string.Empty, await GetAsync(client, Users.Anonymous, synchronous: synchronous));
            Assert.Equal(string.Empty, await GetAsync(client, Users.With(("scope", "mcp")), synchronous: synchronous));
            Assert.Equal("alice", await GetAsync(client, Users.Alice, synchronous: synchronous));
        }
    }

    [Theory]
    [InlineData("POST", "Cache-Control: max-age=60")]
    [InlineData("POST", "CDN-Cache-Control: max-age=60")]
    [InlineData("POST", "Expires: Fri, 01 Jan 2100 00:00:00 GMT")]
    [InlineData("QUERY", "Cache-Control: max-age=60")]
    [InlineData("QUERY", "Vary: Accept")]
    public async Task Response_to_another_method_is_not_stored_either(string method, string lines)
    {
        foreach (CacheKind kind in new[] { CacheKind.Shared, CacheKind.Lenient })
        {
            using HttpClient client = CreateClient(new SharedCacheHandler(kind));
            _lines = $"{lines}|Content-Location: {new Uri(client.BaseAddress!, "/")}";

            Assert.Equal("alice", await GetAsync(client, Users.Alice, method: method));
            Assert.Equal("bob", await GetAsync(client, Users.Bob));
        }
    }

    [Fact]
    public async Task Response_to_a_post_with_an_expiry_alone_is_not_stored_by_a_lenient_cache()
    {
        _lines = "Expires: Fri, 01 Jan 2100 00:00:00 GMT";
        using HttpClient client = CreateClient(new SharedCacheHandler(CacheKind.Lenient));

        Assert.Equal("alice", await GetAsync(client, Users.Alice, method: "POST"));
        Assert.Equal("bob", await GetAsync(client, Users.Bob));
    }

    [Theory]
    [InlineData("/missing")]
    [InlineData("/denied")]
    public async Task Error_of_one_user_is_not_stored_either(string path)
    {
        using HttpClient client = CreateClient(new SharedCacheHandler(CacheKind.Lenient));

        Assert.Equal("alice", await GetAsync(client, Users.Alice, path));
        Assert.Equal("bob", await GetAsync(client, Users.Bob, path));
    }

    [Fact]
    public async Task Response_for_all_that_does_not_vary_by_identity_stays_shared()
    {
        _lines = "Cache-Control: public, max-age=60|Vary: Accept";
        using HttpClient client = CreateClient(new SharedCacheHandler());

        Assert.Equal(string.Empty, await GetAsync(client, Users.Anonymous));

        // The backend says so: docs/security-model.md has what it should send instead.
        Assert.Equal(string.Empty, await GetAsync(client, Users.Alice));
    }

    [Fact]
    public async Task Response_behind_a_redirect_is_not_stored()
    {
        _lines = Cached["max-age"];
        using HttpClient client = CreateClient(new SharedCacheHandler());

        Assert.Equal("alice", await GetAsync(client, Users.Alice, "/moved"));
        Assert.Equal("bob", await GetAsync(client, Users.Bob, "/moved"));
    }

    [Fact]
    public async Task Cache_of_one_user_keeps_the_response()
    {
        _lines = Cached["max-age"];
        using HttpClient client = CreateClient(new SharedCacheHandler(CacheKind.Private));

        Assert.Equal("alice", await GetAsync(client, Users.Alice));

        // Nothing else tells a cache that it may: the response that it kept is the proof.
        Assert.Equal("alice", await GetAsync(client, Users.Bob));
    }

    [Theory]
    [InlineData("Cache-Control: max-age=60|Vary: X-User-Sub", "max-age=60, private")]
    [InlineData("Cache-Control: public, s-maxage=9, max-age=60, immutable", "max-age=60, private, immutable")]
    [InlineData("Cache-Control: private=\"Set-Cookie\", no-cache", "no-cache, private")]
    [InlineData("Cache-Control: no-cache=\"Set-Cookie\", must-revalidate", "must-revalidate, no-cache=\"Set-Cookie\", private")]
    [InlineData("Cache-Control: private, max-age=60", "max-age=60, private")]
    [InlineData("Cache-Control: no-cache, no-store", "no-store, no-cache")]
    [InlineData("Cache-Control: no-store, max-age=x", "no-store, max-age=x, private")]
    [InlineData("Cache-Control: no-store, must-understand, max-age=60", "no-store, max-age=60, must-understand, private")]
    [InlineData("Cache-Control: no-store|Example-Cache-Control: max-age=60|Surrogate-Control: max-age=60", "no-store")]
    [InlineData("", "private")]
    public async Task Response_to_an_identity_is_marked_as_one_users(string lines, string expected)
    {
        _lines = lines;
        using HttpClient client = CreateClient();

        using HttpResponseMessage response = await SendAsync(client, Users.Alice);

        Assert.Equal(
            expected.Split(", ").Order(),
            response.Headers.NonValidated["Cache-Control"].SelectMany(line => line.Split(", ")).Order());
        Assert.Equal(lines.Contains("Vary", StringComparison.Ordinal) ? [User] : [], response.Headers.Vary);
        Assert.DoesNotContain(response.Headers.NonValidated, header => header.Key is "Example-Cache-Control" or "Surrogate-Control");
    }

    [Fact]
    public async Task Response_without_any_header_is_marked_too()
    {
        using HttpMessageInvoker client = HttpTesting.Chain(new RecordingHandler(), new PropertyAccessor(Users.Alice));

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get("http://backend.test/"), synchronous: false);

        Assert.Equal(["private"], response.Headers.NonValidated["Cache-Control"]);
    }

    [Fact]
    public async Task Post_without_freshness_is_left_as_it_is()
    {
        using HttpClient client = CreateClient();

        using HttpResponseMessage response = await SendAsync(client, Users.Alice, method: "POST");

        Assert.False(response.Headers.Contains("Cache-Control"));
    }

    [Theory]
    [InlineData("anonymous")]
    [InlineData("unknown")]
    [InlineData("no claims")]
    [InlineData("untrusted origin")]
    public async Task Response_without_identity_is_left_as_it_is(string reason)
    {
        _lines = "Cache-Control: public, max-age=60|Vary: Accept|CDN-Cache-Control: max-age=90";
        using HttpClient client = CreateClient(trusted: reason == "untrusted origin" ? new Uri("http://backend.test") : null);
        ClaimsPrincipal? user = reason switch
        {
            "anonymous" => Users.Anonymous,
            "unknown" => null,
            "no claims" => Users.With(("scope", "mcp")),
            _ => Users.Alice,
        };

        using HttpResponseMessage response = await SendAsync(client, user);

        Assert.Equal(string.Empty, await response.Content.ReadAsStringAsync());
        Assert.Equal(["public, max-age=60"], response.Headers.NonValidated["Cache-Control"]);
        Assert.Equal(["max-age=90"], response.Headers.NonValidated["CDN-Cache-Control"]);
    }

    private static async Task<string> GetAsync(
        HttpClient client, ClaimsPrincipal user, string path = "/", string method = "GET", bool synchronous = false)
    {
        using HttpResponseMessage response = await SendAsync(client, user, path, method, synchronous);
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, ClaimsPrincipal? user, string path = "/", string method = "GET", bool synchronous = false)
    {
        using IdentityScope? scope = user is null ? null : AmbientIdentity.Use(user);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(client.BaseAddress!, path));
        return await client.SendAsync(request, synchronous);
    }

    /// <summary>A client of the factory, which lives as long as its services.</summary>
    private HttpClient CreateClient(DelegatingHandler? cache = null, Uri? trusted = null)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder builder = services.AddHttpClient("backend").AddClaimInjection(options =>
            options.TrustedOrigins.Add(trusted ?? new Uri(_backend.Urls.Single())));
        if (cache is not null)
        {
            builder.AddHttpMessageHandler(() => cache);
        }

        HttpClient client = services.BuildServiceProvider(validateScopes: true).CreateHttpClient("backend");
        client.BaseAddress = new Uri(_backend.Urls.Single());
        return client;
    }
}
