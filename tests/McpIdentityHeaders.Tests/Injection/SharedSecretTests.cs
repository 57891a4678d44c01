using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>The secret is sent with an identity, and to explicitly trusted origins only.</summary>
public sealed class SharedSecretTests
{
    private const string Name = "X-Gateway-Secret";
    private const string Value = "s3cr3t-0123456789";

    [Theory]
    [MemberData(nameof(WiredClient.Paths), MemberType = typeof(WiredClient))]
    public async Task Secret_is_sent_with_the_identity_to_a_trusted_origin(Wiring wiring, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using WiredClient client = WiredClient.For(wiring, Users.Alice, server.Uri, WithSecret);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
        Assert.Equal([Value], server.OnlyHead.Values(Name));
    }

    [Theory]
    [InlineData("anonymous", "Forward")]
    [InlineData("anonymous", "Reject")]
    [InlineData("unknown", "Forward")]
    [InlineData("unknown", "StripHeaders")]
    [InlineData("without a claim", "Forward")]
    public async Task Secret_is_not_sent_without_an_identity(string caller, string missing)
    {
        ClaimsPrincipal? user = caller switch
        {
            "anonymous" => Users.Anonymous,
            "without a claim" => Users.With(("scope", "mcp")),
            _ => null,
        };
        var backend = new RecordingHandler();
        await using ServiceProvider services = Services(backend, user, options =>
        {
            options.MissingIdentity = Enum.Parse<MissingIdentityBehavior>(missing);
            options.TrustedOrigins.Add(new Uri("http://backend.test"));
        });

        await SendAsync(services, HttpTesting.Get("http://backend.test/"));

        Assert.Empty(backend.Only.Headers);
    }

    [Theory]
    [InlineData("http://backend.test/", true, true)]
    [InlineData("http://backend.test:80/deep/path?q=1", true, true)]
    [InlineData("http://backend.test:81/", true, false)]
    [InlineData("https://backend.test/", true, false)]
    [InlineData("http://other.test/", true, false)]
    [InlineData("http://other.test/", false, false)]
    public async Task Secret_is_sent_to_trusted_origins_only_even_with_AllowAnyOrigin(string uri, bool identity, bool secret)
    {
        var backend = new RecordingHandler();
        await using ServiceProvider services = Services(backend, Users.Alice, options =>
        {
            options.AllowAnyOrigin = identity;
            options.TrustedOrigins.Add(new Uri("http://backend.test"));
        });

        await SendAsync(services, HttpTesting.Get(uri));

        Assert.Equal(identity, backend.Only.Has("X-User-Sub"));
        Assert.Equal(secret ? [Value] : [], backend.Only.Values(Name));
    }

    [Fact]
    public async Task BaseAddress_counts_as_a_trusted_origin()
    {
        var backend = new RecordingHandler();
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        services.AddHttpClient("backend", client => client.BaseAddress = new Uri("http://backend.test"))
            .ConfigurePrimaryHttpMessageHandler(() => backend)
            .AddClaimInjection(WithSecret);
        await using ServiceProvider provider = services.BuildServiceProvider();

        await SendAsync(provider, HttpTesting.Get("http://backend.test/"));
        await SendAsync(provider, HttpTesting.Get("http://other.test/"));

        Assert.Equal([Value], backend.Requests[0].Values(Name));
        Assert.Empty(backend.Requests[1].Headers);
    }

    [Theory]
    [InlineData("X-Gateway-Secret")]
    [InlineData("x-gateway-secret")]
    [InlineData("X_Gateway_Secret")]
    [InlineData("x.gateway.secret")]
    public async Task Callers_header_of_the_secrets_name_or_alias_is_replaced(string callers)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using WiredClient client = WiredClient.For(Wiring.McpClient, Users.Alice, server.Uri, WithSecret);
        HttpRequestMessage request = HttpTesting.Post(server.Uri.ToString())
            .WithHeader(callers, "mallory-0123456789", "mallory-9876543210")
            .WithHeader("Connection", "X_Gateway_Secret, keep-alive");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous: false);

        Assert.Equal([Value], server.OnlyHead.Values(Name));
        Assert.Empty(server.OnlyHead.Values("X_Gateway_Secret"));
        Assert.Empty(server.OnlyHead.Values("X.Gateway.Secret"));
        Assert.DoesNotContain(server.OnlyHead.HeaderLines, line => line.Contains("mallory", StringComparison.Ordinal));
        Assert.DoesNotContain("ateway", string.Join(',', server.OnlyHead.Values("Connection")), StringComparison.Ordinal);
        Assert.Equal(["mallory-0123456789", "mallory-9876543210"], new RecordedRequest(request).Values(callers));
    }

    [Theory]
    [InlineData("http://backend.test/", false)]
    [InlineData("http://other.test/", true)]
    [InlineData("http://other.test/", false)]
    public async Task Callers_header_is_dropped_when_anonymous_or_to_another_origin(string uri, bool authenticated)
    {
        var backend = new RecordingHandler();
        await using ServiceProvider services = Services(
            backend, authenticated ? Users.Alice : Users.Anonymous, options => options.TrustedOrigins.Add(new Uri("http://backend.test")));

        await SendAsync(services, HttpTesting.Get(uri).WithHeader("X_Gateway-Secret", Value));

        Assert.Empty(backend.Only.Headers);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(307)]
    public async Task Secret_does_not_follow_a_redirect_to_another_origin(int status)
    {
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(status, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(Wiring.McpClient, Users.Alice, server.Uri, options =>
        {
            WithSecret(options);
            options.AllowAnyOrigin = true;
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous: false);

        Assert.Equal([Value], server.OnlyHead.Values(Name));
        Assert.DoesNotContain(elsewhere.Heads, head => head.Values(Name).Length > 0);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Secret_is_sent_again_on_a_redirect_within_its_origin()
    {
        await using WireServer server = await WireServer.StartAsync(async context =>
        {
            if (context.Request.Path == "/mcp")
            {
                context.Response.Redirect("/mcp/");
            }

            await context.Response.CompleteAsync();
        });
        await using WiredClient client = WiredClient.For(Wiring.McpClient, Users.Alice, server.Uri, WithSecret);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous: false);

        Assert.Equal([[Value], [Value]], server.Heads.Select(head => head.Values(Name)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Secret_is_neither_logged_nor_on_a_request_that_the_caller_sees(bool sentByCaller)
    {
        FakeLogCollector logs = FakeLogCollector.Create(new FakeLogCollectorOptions { CollectRecordsForDisabledLogLevels = true });
        var backend = new RecordingHandler();
        await using ServiceProvider services = Services(
            backend, Users.Alice, options => options.TrustedOrigins.Add(new Uri("http://backend.test")), logs);
        HttpRequestMessage request = HttpTesting.Get("http://backend.test/");
        if (sentByCaller)
        {
            request.WithHeader("X_Gateway_Secret", Value);
        }

        using HttpClient client = services.CreateHttpClient();
        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal([Value], backend.Only.Values(Name));
        Assert.Contains(logs.GetSnapshot(), record => record.Message.Contains("Request Headers", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.GetSnapshot(), record => record.Message.Contains(Value, StringComparison.Ordinal));
        Assert.Equal(sentByCaller, new RecordedRequest(response.RequestMessage!).Has("X_Gateway_Secret"));
        Assert.False(new RecordedRequest(response.RequestMessage!).Has(Name));
    }

    [Fact]
    public async Task Secret_does_not_count_towards_the_limits()
    {
        var backend = new RecordingHandler();
        await using ServiceProvider services = Services(backend, Users.Named("alice"), options =>
        {
            options.TrustedOrigins.Add(new Uri("http://backend.test"));
            options.MaxHeaderValueLength = 5;
            options.MaxTotalLength = 15;
        });

        await SendAsync(services, HttpTesting.Get("http://backend.test/"));

        Assert.Equal(["X-User-Sub", Name], backend.Only.Headers.Select(header => header.Key));
    }

    private static void WithSecret(ClaimInjectionOptions options) => options.SharedSecret = new SharedSecret(Name, Value);

    private static ServiceProvider Services(
        RecordingHandler backend, ClaimsPrincipal? user, Action<ClaimInjectionOptions> configure, FakeLogCollector? logs = null)
    {
        var services = new ServiceCollection();
        if (logs is not null)
        {
            services.AddTraceLogging(logs);
        }

        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(user));
        services.AddHttpClient("backend")
            .ConfigurePrimaryHttpMessageHandler(() => backend)
            .AddClaimInjection(WithSecret)
            .AddClaimInjection(configure)
            .RedactLoggedHeaders(_ => false);
        return services.BuildServiceProvider(validateScopes: true);
    }

    private static async Task SendAsync(IServiceProvider services, HttpRequestMessage request)
    {
        using HttpClient client = services.CreateHttpClient();
        using HttpResponseMessage response = await client.SendAsync(request);
    }
}
