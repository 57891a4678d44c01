using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace McpIdentityHeaders.Tests.Injection;

public sealed class MetricsTests
{
    public static TheoryData<string, string, ClaimsPrincipal?, string> Outcomes => new()
    {
        { "injected", "http://backend.test/", Users.Alice, "Forward" },
        { "unknown", "http://backend.test/", null, "Forward" },
        { "unknown", "http://backend.test/", null, "StripHeaders" },
        { "rejected", "http://backend.test/", null, "Reject" },
        { "anonymous", "http://backend.test/", Users.Anonymous, "Reject" },
        { "rejected", "http://backend.test/", Users.Anonymous, "RequireUser" },
        { "rejected", "http://backend.test/", null, "RequireUser" },
        { "untrusted_origin", "http://other.test/", Users.Alice, "Forward" },
        { "unknown", "http://other.test/", null, "Forward" },
        {
            "rejected",
            "http://backend.test/",
            new ClaimsPrincipal([Users.SignedIn(("sub", "a")), Users.SignedIn(("sub", "b"))]),
            "Forward"
        },
        { "no_claims", "http://backend.test/", Users.With(("scope", "mcp")), "Forward" },
        { "rejected", "http://backend.test/", Users.Named("too long for the limit of this client"), "Forward" },
    };

    [Theory]
    [MemberData(nameof(Outcomes), DisableDiscoveryEnumeration = true)]
    public async Task Request_is_counted_once_with_its_client_and_outcome(string outcome, string uri, ClaimsPrincipal? user, string missing)
    {
        await using ServiceProvider services = Services(options =>
        {
            options.MissingIdentity = Enum.Parse<MissingIdentityBehavior>(missing);
            options.MaxHeaderValueLength = 20;
        });
        using MetricCollector<long> requests = Collect(services, "mcp.identity.requests");

        await SendAsync(services, user, HttpTesting.Get(uri));

        CollectedMeasurement<long> counted = Assert.Single(requests.GetMeasurementSnapshot());
        Assert.Equal(1, counted.Value);
        Assert.Equal(new Dictionary<string, object?> { ["client"] = "backend", ["outcome"] = outcome }, counted.Tags);
    }

    [Fact]
    public async Task Dropped_headers_are_counted()
    {
        await using ServiceProvider services = Services(_ => { });
        using MetricCollector<long> stripped = Collect(services, "mcp.identity.headers.stripped");

        await SendAsync(services, Users.Alice, HttpTesting.Get().WithHeader("X_User_Sub", "a", "b").WithHeader("X-User-Name", "c"));
        await SendAsync(services, Users.Alice, HttpTesting.Get());

        CollectedMeasurement<long> counted = Assert.Single(stripped.GetMeasurementSnapshot());
        Assert.Equal(2, counted.Value);
        Assert.Equal("outbound", counted.Tags["side"]);
    }

    private static ServiceProvider Services(Action<ClaimInjectionOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddHttpClient("backend")
            .ConfigurePrimaryHttpMessageHandler(() => new RecordingHandler())
            .AddClaimInjection(options => options.TrustedOrigins.Add(new Uri("http://backend.test")))
            .AddClaimInjection(configure);
        return services.BuildServiceProvider();
    }

    private static MetricCollector<long> Collect(IServiceProvider services, string instrument) =>
        new(services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", instrument);

    private static async Task SendAsync(IServiceProvider services, ClaimsPrincipal? user, HttpRequestMessage request)
    {
        using HttpClient client = services.CreateHttpClient();
        if (user is not null)
        {
            request.SetUser(user);
        }

        try
        {
            using HttpResponseMessage response = await client.SendAsync(request);
        }
        catch (ClaimInjectionException)
        {
            // A rejected request is counted too.
        }
    }
}
