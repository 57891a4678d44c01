using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Injection;

public sealed class LoggingTests
{
    private const string Secret = "s3cr3t-of-alice";

    private static readonly ClaimsPrincipal User =
        Users.With(("sub", Secret), ("email", Secret + "@example.com"), ("name", "José " + Secret));

    private readonly FakeLogCollector _logs =
        FakeLogCollector.Create(new FakeLogCollectorOptions { CollectRecordsForDisabledLogLevels = true });

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Claim_value_is_never_logged_at_any_level(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        ServiceCollection collection = McpTesting.ServicesFor(backend, http => http.RedactLoggedHeaders(_ => false));
        collection.AddTraceLogging(_logs);
        await using ServiceProvider services = collection.BuildServiceProvider();

        await AmbientIdentity.RunAsync(User, async () =>
        {
            await using McpClient client = await services.ConnectAsync();
            await client.CallTextAsync("ping");
        });

        Assert.Contains(backend.Exchanges, exchange => exchange.Subject == Secret);
        AssertNoClaimValue();
        Assert.Contains(_logs.GetSnapshot(), record => record.Message.Contains("Request Headers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refusal_message_names_the_remedy_and_no_value()
    {
        await using ServiceProvider services = Services(options =>
        {
            options.MaxHeaderValueLength = 5;
            options.TrustedOrigins.Add(new Uri("http://backend.test"));
        });

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SendAsync(services, "http://backend.test/"));

        Assert.Equal(
            "HttpClient 'backend': the request was not sent: the header 'X-User-Sub' from the claim 'sub' or '" + ClaimTypes.NameIdentifier
            + "' is longer than MaxHeaderValueLength, 5 bytes, allows. Send fewer values, or set a larger limit.",
            refused.Message);
        Assert.DoesNotContain(Secret, refused.ToString(), StringComparison.Ordinal);
        AssertNoClaimValue();
    }

    [Fact]
    public async Task Missing_required_claim_is_named_with_its_claim_types()
    {
        await using ServiceProvider services = Services(options =>
        {
            options.AllowAnyOrigin = true;
            options.Headers.Add(new ClaimHeader("X-User-Tenant", "tid", "tenant") { Required = true });
        });

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SendAsync(services, "http://backend.test/"));

        Assert.Equal(
            "HttpClient 'backend': the request was not sent: the header 'X-User-Tenant' is required, and the user has no value of the "
            + "claim 'tid' or 'tenant'. Have the identity provider issue it, or set Required to false.",
            refused.Message);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Callers_identity_header_is_redacted_whatever_RedactLoggedHeaders_sets(bool before)
    {
        var collection = new ServiceCollection();
        collection.AddTraceLogging(_logs);
        IHttpClientBuilder builder = collection.AddHttpClient("backend").ConfigurePrimaryHttpMessageHandler(() => new RecordingHandler());
        if (before)
        {
            builder.RedactLoggedHeaders(_ => false).AddClaimInjection(options => options.AllowAnyOrigin = true);
        }
        else
        {
            builder.AddClaimInjection(options => options.AllowAnyOrigin = true).RedactLoggedHeaders(["Authorization"]);
        }

        await using ServiceProvider services = collection.BuildServiceProvider();
        using HttpClient client = services.CreateHttpClient();
        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Get().WithHeader("x_user_sub", Secret).WithHeader("X-Visible", "visible-value"));

        // The message only: the framework keeps every header's value in the structured state, redacted or not.
        Assert.DoesNotContain(_logs.GetSnapshot(), record => record.Message.Contains(Secret, StringComparison.Ordinal));
        Assert.Contains(_logs.GetSnapshot(), record => record.Message.Contains("visible-value", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Untrusted_origin_is_logged_once()
    {
        await using ServiceProvider services = Services(options => options.TrustedOrigins.Add(new Uri("http://backend.test")));

        foreach (string uri in new[] { "http://a.test/1", "http://a.test/2", "http://b.test/", "http://a.test:81/" })
        {
            await SendAsync(services, uri);
        }

        Assert.Equal(
            ["http://a.test:80", "http://b.test:80", "http://a.test:81"],
            WithEventName("UntrustedOrigin").Select(record => record.GetStructuredStateValue("Origin")));
    }

    [Fact]
    public async Task Serving_every_origin_by_choice_does_not_warn()
    {
        await using ServiceProvider services = Services(options => options.AllowAnyOrigin = true);

        await SendAsync(services, "https://a.test/");

        Assert.DoesNotContain(_logs.GetSnapshot(), record => record.Level == LogLevel.Warning && record.Id.Name != "UnknownPrimaryHandler");
    }

    [Fact]
    public async Task Plain_http_warns_once_per_origin_and_never_for_loopback()
    {
        await using ServiceProvider services = Services(options => options.AllowAnyOrigin = true);

        string[] uris =
            ["http://a.test/1", "http://a.test/2", "https://b.test/", "http://localhost/", "http://127.0.0.2/", "http://c.test/"];
        foreach (string uri in uris)
        {
            await SendAsync(services, uri);
        }

        Assert.Equal(
            ["http://a.test:80", "http://c.test:80"],
            WithEventName("PlainHttp").Select(record => record.GetStructuredStateValue("Origin")));
    }

    private ServiceProvider Services(Action<ClaimInjectionOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddTraceLogging(_logs);
        services.AddHttpClient("backend").AddClaimInjection(configure).ConfigurePrimaryHttpMessageHandler(() => new RecordingHandler());
        return services.BuildServiceProvider();
    }

    private static async Task SendAsync(IServiceProvider services, string uri)
    {
        using HttpClient client = services.CreateHttpClient();
        using IdentityScope scope = AmbientIdentity.Use(User);
        using HttpResponseMessage response = await client.GetAsync(new Uri(uri));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private IEnumerable<FakeLogRecord> WithEventName(string eventName) => _logs.GetSnapshot().Where(record => record.Id.Name == eventName);

    /// <summary>Neither plain nor encoded: not in a message, its structured state or a scope.</summary>
    private void AssertNoClaimValue()
    {
        string encoded = Convert.ToBase64String("José "u8);
        foreach (FakeLogRecord record in _logs.GetSnapshot())
        {
            string all = string.Join('\n', [
                record.Message,
                record.Exception?.ToString(),
                .. record.StructuredState?.Select(pair => pair.Value) ?? [],
                .. record.Scopes.Select(scope => scope?.ToString())]);
            Assert.DoesNotContain(Secret, all, StringComparison.Ordinal);
            Assert.DoesNotContain(encoded, all, StringComparison.Ordinal);
        }
    }
}
