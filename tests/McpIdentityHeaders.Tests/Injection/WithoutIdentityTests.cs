using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>A request without identity says why, and a client says at start-up what it sends where.</summary>
public sealed class WithoutIdentityTests
{
    private readonly FakeLogCollector _logs =
        FakeLogCollector.Create(new FakeLogCollectorOptions { CollectRecordsForDisabledLogLevels = true });

    public static TheoryData<string, string, ClaimsPrincipal?, string> Reasons => new()
    {
        { "the user is unknown", "http://backend.test/", null, "UnknownUser" },
        { "the user is anonymous", "http://backend.test/", Users.Anonymous, "AnonymousUser" },
        {
            "Give it an authentication type",
            "http://backend.test/",
            new ClaimsPrincipal(Users.NotSignedIn(("sub", "alice"))),
            "UnauthenticatedUser"
        },
        { "http://other.test:80 is not a trusted origin", "http://other.test/", Users.Alice, "OriginNotTrusted" },
        { "claims of the types 'scope', 'oid'", "http://backend.test/", Users.With(("scope", "s3cret"), ("oid", "s3cret")), "NoClaims" },
    };

    [Theory]
    [MemberData(nameof(Reasons), DisableDiscoveryEnumeration = true)]
    public async Task Request_without_identity_logs_its_reason_once(string reason, string uri, ClaimsPrincipal? user, string eventName)
    {
        await using ServiceProvider services = NewServices().BuildServiceProvider();
        HttpClient client = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        using HttpRequestMessage request = HttpTesting.Get(uri);
        if (user is not null)
        {
            request.SetUser(user);
        }

        using HttpResponseMessage response = await client.SendAsync(request);

        FakeLogRecord record =
            Assert.Single(_logs.GetSnapshot(), record => record.Message.Contains("no identity headers are set", StringComparison.Ordinal));
        Assert.Equal((LogLevel.Debug, eventName), (record.Level, record.Id.Name));
        Assert.Contains(reason, record.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_logs.GetSnapshot(), log => log.Message.Contains("s3cret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")]
    [InlineData("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")]
    [InlineData("tid", "http://schemas.microsoft.com/identity/claims/tenantid")]
    [InlineData("upn", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn")]
    [InlineData("scp", "http://schemas.microsoft.com/identity/claims/scope")]
    public async Task Claim_that_inbound_mapping_has_renamed_is_named(string claimType, string renamedTo)
    {
        ServiceCollection collection = NewServices();
        collection.Configure<ClaimInjectionOptions>("backend", options =>
        {
            options.Headers.Add("X-User-Other", claimType);
            options.Headers.Add("X-User-Both", claimType, renamedTo);
        });
        await using ServiceProvider services = collection.BuildServiceProvider();
        HttpClient client = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        using HttpRequestMessage request = HttpTesting.Get("http://backend.test/");
        request.SetUser(Users.With(("sub", "alice"), (renamedTo, "s3cret")));

        using HttpResponseMessage response = await client.SendAsync(request);

        FakeLogRecord record = Assert.Single(_logs.GetSnapshot(), record => record.Id.Name == "ClaimRenamed");
        Assert.Contains(
            $"the header 'X-User-Other' is not set, since the user has no claim '{claimType}'. The principal has one of the type "
            + $"'{renamedTo}'",
            record.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", record.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Required_claim_that_inbound_mapping_has_renamed_is_named_in_the_refusal()
    {
        ServiceCollection collection = NewServices();
        collection.Configure<ClaimInjectionOptions>(
            "backend", options => options.Headers.Add(new ClaimHeader("X-User-Roles", "roles") { Required = true }));
        await using ServiceProvider services = collection.BuildServiceProvider();
        HttpClient client = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        using HttpRequestMessage request = HttpTesting.Get("http://backend.test/");
        request.SetUser(Users.With(("sub", "alice"), (ClaimTypes.Role, "admin")));

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(request));

        Assert.Contains($"The principal has '{ClaimTypes.Role}' instead of 'roles'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_says_at_startup_which_claims_go_where()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddTraceLogging(_logs);
        AddClient(builder.Services);
        using IHost host = builder.Build();

        await host.StartAsync();
        await host.StopAsync();

        FakeLogRecord record = Assert.Single(_logs.GetSnapshot(), record => record.Id.Name == "ClientStarted");
        Assert.Equal(LogLevel.Information, record.Level);
        Assert.Contains("X-User-Groups from the claim 'groups'", record.Message, StringComparison.Ordinal);
        Assert.Contains($"X-User-Name from the claim 'name' or '{ClaimTypes.Name}'", record.Message, StringComparison.Ordinal);
        Assert.EndsWith("to http://backend.test:80.", record.Message, StringComparison.Ordinal);
    }

    private ServiceCollection NewServices()
    {
        var services = new ServiceCollection();
        services.AddTraceLogging(_logs);
        AddClient(services);
        return services;
    }

    private static void AddClient(IServiceCollection services) => services.AddHttpClient("backend")
        .ConfigurePrimaryHttpMessageHandler(() => new RecordingHandler())
        .AddClaimInjection(options =>
        {
            options.TrustedOrigins.Add(new Uri("http://backend.test"));
            options.Headers.Add("X-User-Groups", "groups");
        });
}
