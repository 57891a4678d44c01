using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Which session a rent leases.</summary>
public sealed class RentTests
{
    private const string Issuer = "https://login.example";
    private const string OtherIssuer = "https://other.example";

    public static TheoryData<string, ClaimsPrincipal, ClaimsPrincipal> OneUser => new()
    {
        { "another principal object", Users.Named("alice"), Users.Named("alice") },
        { "other claims", Users.Alice, Users.With(("sub", "alice"), ("name", "Alice Newer"), ("role", "admin"), ("iat", "1")) },
        { "iss and others", Users.With(("sub", "alice"), ("iss", Issuer)), Users.With(("a", "b"), ("iss", Issuer), ("sub", "alice")) },
        { "NameIdentifier for sub", Users.Named("alice"), Users.With((ClaimTypes.NameIdentifier, "alice")) },
        { "sub before NameIdentifier", Users.Named("alice"), Users.With((ClaimTypes.NameIdentifier, "bob"), ("sub", "alice")) },
        { "the claim's issuer", IssuedBy(Issuer), IssuedBy(Issuer) },
        { "iss before the claim's issuer", IssuedBy(Issuer, ("iss", "x")), IssuedBy(OtherIssuer, ("iss", "x")) },
        { "another way to sign in", Users.Named("alice"), new(new ClaimsIdentity([new("sub", "alice")], "other")) },
        { "an identity added", Users.Named("alice"), new([Users.SignedIn(("role", "x")), Users.SignedIn(("sub", "alice"))]) },
        { "an identity not signed in", Users.Named("alice"), new([Users.NotSignedIn(("sub", "bob")), Users.SignedIn(("sub", "alice"))]) },
    };

    public static TheoryData<string, ClaimsPrincipal, ClaimsPrincipal> TwoUsers => new()
    {
        { "another subject", Users.Alice, Users.Bob },
        { "another case", Users.Named("alice"), Users.Named("Alice") },
        { "the same name", Users.Named("alice", "Al"), Users.Named("alison", "Al") },
        { "another iss", Users.With(("sub", "alice"), ("iss", Issuer)), Users.With(("sub", "alice"), ("iss", OtherIssuer)) },
        { "iss and none", Users.With(("sub", "alice"), ("iss", Issuer)), Users.Named("alice") },
        { "another Claim.Issuer", IssuedBy(Issuer), IssuedBy(OtherIssuer) },
        { "another iss under one Claim.Issuer", IssuedBy(Issuer, ("iss", "x")), IssuedBy(Issuer, ("iss", "y")) },
        { "issuer and subject run together", Users.With(("sub", "bc"), ("iss", "a")), Users.With(("sub", "c"), ("iss", "ab")) },
    };

    [Fact]
    public async Task Users_of_a_backend_that_binds_sessions_have_one_each()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, PoolTesting.SignInByHeaderAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        for (int round = 0; round < 3; round++)
        {
            Assert.Equal("alice", await services.CallForAsync(Users.Alice));
            Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        }

        Assert.Equal(2, backend.LiveSessions.Count);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    [InlineData(McpBackendKind.OlderStateless)]
    public async Task Concurrent_rents_and_calls_of_one_user_share_one_session(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => services.CallForAsync(Users.Alice))));

        Assert.Equal(Enumerable.Repeat("alice", 20), answers);
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "initialize");
        Assert.Equal(20, backend.Calls().Count());
        Assert.All(backend.Exchanges, exchange => Assert.Equal("alice", exchange.Subject));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    [InlineData(McpBackendKind.OlderStateless)]
    public async Task Users_who_rent_concurrently_never_share(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        string[] subjects = [.. Enumerable.Range(0, 24).Select(number => $"user-{number % 6}")];

        await Task.WhenAll(subjects.Select(subject => Task.Run(() => services.CallForAsync(Users.Named(subject)))));

        IEnumerable<McpExchange> opened = backend.Exchanges.Where(exchange => exchange.Rpc == "initialize");
        Assert.Equal(subjects.Distinct().Order(), opened.Select(exchange => exchange.Subject).Order());
        Assert.Equal(subjects.Order(), backend.Calls().Select(call => call.Subject).Order());
        IEnumerable<IGrouping<string?, McpExchange>> sessions =
            backend.Exchanges.Where(exchange => IdOf(exchange) is not null).GroupBy(exchange => IdOf(exchange));
        Assert.All(sessions, session => Assert.Single(session.Select(exchange => exchange.Subject).Distinct()));
        Assert.Equal(kind == McpBackendKind.Sessions ? 6 : 0, sessions.Count());

        static string? IdOf(McpExchange exchange) => exchange.Headers.GetValueOrDefault("Mcp-Session-Id");
    }

    [Theory]
    [MemberData(nameof(OneUser), DisableDiscoveryEnumeration = true)]
    public async Task Principals_of_one_issuer_and_subject_share_a_session(string with, ClaimsPrincipal first, ClaimsPrincipal second)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await using McpClientLease one = await services.RentForAsync(first);
        await using McpClientLease other = await services.RentForAsync(second);

        Assert.True(ReferenceEquals(one.Pooled(), other.Pooled()), with);
        Assert.Equal("alice", await AmbientIdentity.RunAsync(second, () => one.Client.CallTextAsync("whoami")));
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "initialize");
    }

    [Theory]
    [MemberData(nameof(TwoUsers), DisableDiscoveryEnumeration = true)]
    public async Task Principals_of_another_issuer_or_subject_have_their_own(string with, ClaimsPrincipal first, ClaimsPrincipal second)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await using McpClientLease one = await services.RentForAsync(first);
        await using McpClientLease other = await services.RentForAsync(second);

        Assert.False(ReferenceEquals(one.Pooled(), other.Pooled()), with);
        Assert.Equal(2, backend.LiveSessions.Count);
    }

    [Fact]
    public async Task Clients_of_two_names_have_a_session_each_for_one_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        collection.AddSecondClient(backend);
        await using ServiceProvider services = collection.BuildServiceProvider();

        await using McpClientLease one = await services.RentForAsync(Users.Alice);
        await using McpClientLease other = await services.RentSecondForAsync(Users.Alice);

        Assert.NotSame(one.Pooled(), other.Pooled());
        Assert.Equal(2, backend.LiveSessions.Count);
    }

    [Fact]
    public async Task Session_whose_lease_is_returned_stays_open_and_is_rented_again()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        McpClientLease first = await services.RentForAsync(Users.Alice);
        await using McpClientLease second = await services.RentForAsync(Users.Alice);
        await first.DisposeAsync();
        await first.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => first.Client);
        Assert.Equal("alice", await second.Client.CallTextAsync("whoami"));
        await second.DisposeAsync();
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Single(backend.LiveSessions);
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange.Http == "DELETE");
    }

    private static ClaimsPrincipal IssuedBy(string issuer, params (string Type, string Value)[] others)
    {
        ClaimsIdentity identity = Users.SignedIn(others);
        identity.AddClaim(new Claim("sub", "alice", ClaimValueTypes.String, issuer));
        return new ClaimsPrincipal(identity);
    }
}
