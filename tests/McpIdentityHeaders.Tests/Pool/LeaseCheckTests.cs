using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A lease serves only the user who rented it.</summary>
public sealed class LeaseCheckTests
{
    private const string RentYourOwn =
        "Rent a session for the user of the moment with IMcpClientPool.RentAsync, and use its lease for no other.";
    private const string AnothersUser = $"a user called on another user's session. {RentYourOwn}";
    private const string AnonymousUser = $"an anonymous user called on a signed-in user's session. {RentYourOwn}";
    private const string UserOnAnonymous = $"a signed-in user called on an anonymous session. {RentYourOwn}";

    [Theory]
    [InlineData(McpBackendKind.Sessions, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.Sessions, Flow.Anonymous, AnonymousUser)]
    [InlineData(McpBackendKind.Sessions, Flow.OfAnonymous, AnonymousUser)]
    [InlineData(McpBackendKind.LegacySse, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.LegacySse, Flow.Anonymous, AnonymousUser)]
    [InlineData(McpBackendKind.OlderStateless, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.Stateless, Flow.OfBob, AnothersUser)]
    [InlineData(McpBackendKind.Stateless, Flow.OfAnonymous, AnonymousUser)]
    public async Task Call_of_another_user_is_refused_before_anything_is_sent(McpBackendKind kind, Flow caller, string reason)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(options => options.ShareStatelessClients = false)
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await AssertRefusedAsync(backend, caller, lease, $"HttpClient 'backend': the request was not sent: {reason}");

        await AssertUserCanCallAsync(backend, Users.Alice, lease);
    }

    [Theory]
    [InlineData(Flow.OfBob, AnothersUser)]
    [InlineData(Flow.Anonymous, AnonymousUser)]
    [InlineData(Flow.OfAnonymous, AnonymousUser)]
    public async Task Call_of_another_user_is_refused_without_claim_injection(Flow caller, string reason)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesWithoutClaimInjection(backend);
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await AssertRefusedAsync(backend, caller, lease, $"MCP client 'backend': the request was not sent: {reason}");

        await AssertUserCanCallAsync(backend, Users.Alice, lease);
        Assert.All(backend.Exchanges, exchange => Assert.Empty(exchange.IdentityHeaders));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Signed_in_users_call_on_an_anonymous_session_is_refused(bool injects)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = injects
            ? McpTesting.ServicesFor(backend).BuildServiceProvider()
            : ServicesWithoutClaimInjection(backend);
        await using McpClientLease anonymous = await services.RentForAsync(null);
        await using McpClientLease unknown = await services.RentAsync();
        string prefix = injects ? "HttpClient" : "MCP client";

        await AssertRefusedAsync(backend, Flow.OfBob, anonymous, $"{prefix} 'backend': the request was not sent: {UserOnAnonymous}");
        await AssertRefusedAsync(backend, Flow.OfBob, unknown, $"{prefix} 'backend': the request was not sent: {UserOnAnonymous}");

        await AssertUserCanCallAsync(backend, Users.Anonymous, anonymous);
        Assert.Equal("anonymous", await unknown.Client.CallTextAsync("whoami"));
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
            "HttpClient 'backend': the request was not sent: the signed-in user has no subject, which is looked for under 'sub', '"
            + ClaimTypes.NameIdentifier + "'. Have the sign-in keep one of these claims, or set ClaimInjectionOptions.SubjectClaimTypes.",
            error.Message);
        Assert.Empty(backend.Calls());
    }

    [Theory]
    [InlineData(false, AnothersUser)]
    [InlineData(true, AnonymousUser)]
    public async Task Request_to_which_a_handler_sets_another_user_is_refused(bool anonymous, string reason)
    {
        ClaimsPrincipal? userSet = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new UserSettingHandler(() => userSet)))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Http == "GET");
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        userSet = anonymous ? Users.Anonymous : Users.Bob;
        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("ping"));

        Assert.Equal($"HttpClient 'backend': the request was not sent: {reason}", error.Message);
        Assert.Empty(backend.Calls());
        userSet = null;
        Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_where_the_user_is_unknown_carries_the_sessions_user(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);

        await lease.Client.CallTextAsync("ping");

        McpExchange call = Assert.Single(backend.Calls());
        Assert.Equal(("alice", "Alice Adams"), (call.Subject, call.UserName));
    }

    [Fact]
    public async Task Anonymous_call_on_a_session_rented_by_an_unknown_user_carries_no_identity()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentAsync();

        Assert.Equal("anonymous", await AmbientIdentity.RunAsync(null, () => lease.Client.CallTextAsync("whoami")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Refused_call_counts_once_as_rejected(bool byHandler)
    {
        ClaimsPrincipal? userSet = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new UserSettingHandler(() => userSet)))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Http == "GET");
        var meters = services.GetRequiredService<IMeterFactory>();
        using var requests = new MetricCollector<long>(meters, "McpIdentityHeaders", "mcp.identity.requests");

        userSet = byHandler ? Users.Bob : null;
        using IdentityScope scope = AmbientIdentity.Use(byHandler ? Users.Alice : Users.Bob);
        await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("ping"));

        CollectedMeasurement<long> counted = Assert.Single(requests.GetMeasurementSnapshot());
        Assert.Equal(1, counted.Value);
        Assert.Equal(new Dictionary<string, object?> { ["client"] = "backend", ["outcome"] = "rejected" }, counted.Tags);
        userSet = null;
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

    private static async Task AssertUserCanCallAsync(McpBackend backend, ClaimsPrincipal owner, McpClientLease lease)
    {
        Assert.Equal("pong", await AmbientIdentity.RunAsync(owner, () => lease.Client.CallTextAsync("ping")));
        Assert.Single(backend.Calls());
    }

    /// <summary>A user's handler that sets the request's user.</summary>
    private sealed class UserSettingHandler(Func<ClaimsPrincipal?> user) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (user() is { } userSet)
            {
                request.SetUser(userSet);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
