using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Each thing that may be one user's, alone, keeps users apart on a backend that is stateless otherwise.</summary>
public sealed class SharingConditionTests
{
    public static TheoryData<string, Action<IServiceCollection>> Conditions => new()
    {
        { "OAuth", services => ConfigureTransport(services, transport => transport.OAuth = AuthorizationServer.NewClientOptions()) },
        {
            "ElicitationHandler",
            services =>
                ConfigureHandlers(services, handlers => handlers.ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult()))
        },
#pragma warning disable MCP9005 // Deprecated by the SDK, and still what a program may have set.
        {
            "SamplingHandler",
            services => ConfigureHandlers(services, handlers => handlers.SamplingHandler = (_, _, _) => throw new NotSupportedException())
        },
        {
            "RootsHandler",
            services => ConfigureHandlers(
                services, handlers => handlers.RootsHandler = (_, _) => ValueTask.FromResult(new ListRootsResult { Roots = [] }))
        },
#pragma warning restore MCP9005
        {
            "NotificationHandlers",
            services => ConfigureHandlers(
                services, handlers => handlers.NotificationHandlers = [new("notifications/message", (_, _) => ValueTask.CompletedTask)])
        },
        { "ShareStatelessClients", services => services.ConfigurePool(pool => pool.ShareStatelessClients = false) },
        {
            "TransportOptionsFactory",
            services => services.ConfigurePool(pool => pool.TransportOptionsFactory = (_, transport) => transport)
        },
    };

    [Fact]
    public async Task Users_share_a_client_where_nothing_keeps_them_apart()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await AssertClientsAsync(services, shared: true);
    }

    [Fact]
    public async Task Users_share_a_client_whose_protocol_was_negotiated_and_not_pinned()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.ProtocolVersion = null)
            .Configure<HttpClientTransportOptions>(
                McpTesting.ClientName, transport => transport.TransportMode = HttpTransportMode.AutoDetect)
            .BuildServiceProvider();

        await AssertClientsAsync(services, shared: true);
    }

    [Theory]
    [MemberData(nameof(Conditions), DisableDiscoveryEnumeration = true)]
    public async Task Users_have_clients_of_their_own_where_one_condition_fails(string condition, Action<IServiceCollection> configure)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        configure(collection);
        await using ServiceProvider services = collection.BuildServiceProvider();

        await AssertClientsAsync(services, shared: false);
        Assert.True(backend.Exchanges.Count(exchange => exchange.Rpc == "server/discover") == 3, condition);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.OlderStateless)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Users_have_clients_of_their_own_where_an_older_protocol_is_spoken(McpBackendKind kind)
    {
        // Without its stream, an older client looks the same but for the protocol.
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        ConfigureTransport(collection, transport => transport.EnableStandaloneGetStream = false);
        await using ServiceProvider services = collection.BuildServiceProvider();

        await AssertClientsAsync(services, shared: false);
        Assert.Equal(3, backend.Exchanges.Count(exchange => exchange.Rpc == "initialize"));
    }

    [Theory]
    [InlineData(HttpTransportMode.Sse, "2026-07-28", "2026-07-28")]
    [InlineData(HttpTransportMode.Sse, null, "2025-11-25")]
    [InlineData(HttpTransportMode.AutoDetect, null, "2025-11-25")]
    public async Task Users_have_clients_of_their_own_over_legacy_sse_with_any_protocol(
        HttpTransportMode mode, string? pinned, string negotiated)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.LegacySse);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.ProtocolVersion = pinned)
            .Configure<HttpClientTransportOptions>(McpTesting.ClientName, transport => transport.TransportMode = mode)
            .BuildServiceProvider();

        await AssertClientsAsync(services, shared: false);
        await using McpClientLease lease = await services.RentForAsync(Users.Alice);
        Assert.Equal(negotiated, lease.Client.NegotiatedProtocolVersion);
    }

    [Fact]
    public void Handlers_of_the_sdk_are_all_among_the_conditions() => Assert.Equal(
        typeof(McpClientHandlers).GetProperties().Select(property => property.Name).Order(),
        Conditions.Select(condition => (string)condition[0]).Where(name => name.Contains("Handler", StringComparison.Ordinal)).Order());

    private static async Task AssertClientsAsync(IServiceProvider services, bool shared)
    {
        await using McpClientLease alice = await services.RentForAsync(Users.Alice);
        await using McpClientLease aliceAgain = await services.RentForAsync(Users.Alice);
        await using McpClientLease bob = await services.RentForAsync(Users.Bob);
        await using McpClientLease anonymous = await services.RentForAsync(null);

        Assert.Same(alice.Pooled(), aliceAgain.Pooled());
        McpClient[] clients = [.. new[] { alice.Pooled(), bob.Pooled(), anonymous.Pooled() }.Distinct()];
        Assert.Equal(shared ? 1 : 3, clients.Length);
    }

    private static void ConfigureTransport(IServiceCollection services, Action<HttpClientTransportOptions> configure) =>
        services.Configure(McpTesting.ClientName, configure);

    private static void ConfigureHandlers(IServiceCollection services, Action<McpClientHandlers> configure) =>
        services.Configure<McpClientOptions>(McpTesting.ClientName, options => configure(options.Handlers));
}
