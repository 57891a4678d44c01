using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A lease is of use to the user who rented it, and to no one else.</summary>
public sealed class LeaseCheckTests
{
    private const string RentYourOwn =
        "Rent a session for the user of the moment with IMcpClientPool.RentAsync, and use its lease for no other.";
    private const string AnothersUser = $"a user called on another user's session. {RentYourOwn}";
    private const string NoUser = $"nobody is signed in where a signed-in user's session was called on. {RentYourOwn}";
    private const string UserOnVisitors = $"a signed-in user called on a visitor's session. {RentYourOwn}";

    [Theory]
    [InlineData(McpBackendKind.Sessions, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.Sessions, Flow.OfNobody, NoUser)]
    [InlineData(McpBackendKind.Sessions, Flow.OfAnonymous, NoUser)]
    [InlineData(McpBackendKind.LegacySse, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.LegacySse, Flow.OfNobody, NoUser)]
    [InlineData(McpBackendKind.OlderStateless, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.Stateless, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.Stateless, Flow.OfAnonymous, NoUser)]
    public async Task Call_of_anyone_but_the_owner_is_refused_before_anything_is_sent(McpBackendKind kind, Flow caller, string reason)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(options => options.ShareStatelessClients = false)
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await AssertRefusedAsync(backend, caller, lease, $"HttpClient 'backend': the request was not sent: {reason}");

        await AssertOwnerCanCallAsync(backend, Users.Alice, lease);
    }

    [Theory]
    [InlineData(Flow.OfBob, AnothersUser)]
    [InlineData(Flow.OfNobody, NoUser)]
    [InlineData(Flow.OfAnonymous, NoUser)]
    public async Task Call_of_anyone_but_the_owner_is_refused_without_claim_injection(Flow caller, string reason)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesWithoutClaimInjection(backend);
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await AssertRefusedAsync(backend, caller, lease, $"MCP client 'backend': the request was not sent: {reason}");

        await AssertOwnerCanCallAsync(backend, Users.Alice, lease);
        Assert.All(backend.Exchanges, exchange => Assert.Empty(exchange.IdentityHeaders));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Signed_in_users_call_on_a_visitors_session_is_refused(bool injects)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = injects
            ? McpTesting.ServicesFor(backend).BuildServiceProvider()
            : ServicesWithoutClaimInjection(backend);
        await using McpClientLease nobodys = await services.RentForAsync(null);
        await using McpClientLease unknowns = await services.RentAsync();
        string prefix = injects ? "HttpClient" : "MCP client";

        await AssertRefusedAsync(backend, Flow.OfBob, nobodys, $"{prefix} 'backend': the request was not sent: {UserOnVisitors}");
        await AssertRefusedAsync(backend, Flow.OfBob, unknowns, $"{prefix} 'backend': the request was not sent: {UserOnVisitors}");

        await AssertOwnerCanCallAsync(backend, Users.Anonymous, nobodys);
        Assert.Equal("nobody", await unknowns.Client.CallTextAsync("whoami"));
    }

    [Fact]
    public async Task Call_of_the_same_subject_at_another_issuer_is_refused()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        using IdentityScope scope = AmbientIdentity.Use(Users.With(("sub", "alice"), ("iss", "https://other.example")));

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("ping"));

        Assert.Equal($"HttpClient 'backend': the request was not sent: {AnothersUser}", error.Message);
        Assert.Empty(backend.Calls());
    }

    [Fact]
    public async Task Call_of_a_signed_in_user_without_a_subject_is_refused()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        using IdentityScope scope = AmbientIdentity.Use(Users.With(("name", "Alice Adams")));

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("ping"));

        Assert.Equal(
            "HttpClient 'backend': the request was not sent: the signed-in user has no subject: no 'sub' claim and no "
            + "ClaimTypes.NameIdentifier. Have the sign-in keep one of them.",
            error.Message);
        Assert.Empty(backend.Calls());
    }

    [Theory]
    [InlineData(false, AnothersUser)]
    [InlineData(true, NoUser)]
    public async Task Request_that_a_handler_makes_another_users_is_refused(bool nobodys, string reason)
    {
        ClaimsPrincipal? said = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new SayingHandler(() => said)))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Http == "GET");
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        said = nobodys ? Users.Anonymous : Users.Bob;
        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("ping"));

        Assert.Equal($"HttpClient 'backend': the request was not sent: {reason}", error.Message);
        Assert.Empty(backend.Calls());
        said = null;
        Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_where_the_user_is_not_known_goes_out_as_the_owner(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await lease.Client.CallTextAsync("ping");

        McpExchange call = Assert.Single(backend.Calls());
        Assert.Equal(("alice", "Alice Adams"), (call.Subject, call.UserName));
    }

    [Fact]
    public async Task Call_of_a_visitor_on_a_session_that_was_rented_where_the_user_was_not_known_goes_out_as_nobody()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentAsync();

        Assert.Equal("nobody", await AmbientIdentity.RunAsync(null, () => lease.Client.CallTextAsync("whoami")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Refused_call_counts_once_as_rejected(bool byHandler)
    {
        ClaimsPrincipal? said = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new SayingHandler(() => said)))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Http == "GET");
        var meters = services.GetRequiredService<IMeterFactory>();
        using var requests = new MetricCollector<long>(meters, "McpIdentityHeaders", "mcp.identity.requests");

        said = byHandler ? Users.Bob : null;
        using IdentityScope scope = AmbientIdentity.Use(byHandler ? Users.Alice : Users.Bob);
        await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("ping"));

        CollectedMeasurement<long> counted = Assert.Single(requests.GetMeasurementSnapshot());
        Assert.Equal(1, counted.Value);
        Assert.Equal(new Dictionary<string, object?> { ["client"] = "backend", ["outcome"] = "rejected" }, counted.Tags);
        said = null;
    }

    private static ServiceProvider ServicesWithoutClaimInjection(McpBackend backend)
    {
        var services = new ServiceCollection();
        services.AddMcpClient(McpTesting.ClientName, backend.Endpoint);
        services.Configure<McpClientOptions>(McpTesting.ClientName, options => options.ProtocolVersion = "2025-11-25");
        return services.BuildServiceProvider();
    }

    private static async Task AssertRefusedAsync(McpBackend backend, Flow caller, McpClientLease lease, string message)
    {
        using IdentityScope? scope = caller.Enter();

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("ping"));

        Assert.Equal(message, error.Message);
        Assert.DoesNotMatch("alice|bob|Adams|Brown", error.ToString());
        Assert.Empty(backend.Calls());
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange.Rpc == "notifications/cancelled");
    }

    private static async Task AssertOwnerCanCallAsync(McpBackend backend, ClaimsPrincipal owner, McpClientLease lease)
    {
        Assert.Equal("pong", await AmbientIdentity.RunAsync(owner, () => lease.Client.CallTextAsync("ping")));
        Assert.Single(backend.Calls());
    }

    /// <summary>A handler of the user's, which says whose request it is.</summary>
    private sealed class SayingHandler(Func<ClaimsPrincipal?> user) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (user() is { } said)
            {
                request.SetUser(said);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
