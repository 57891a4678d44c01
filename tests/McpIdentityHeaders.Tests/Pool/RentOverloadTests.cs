using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using NSubstitute;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>The shorter forms of renting, connecting and configuring.</summary>
public sealed class RentOverloadTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Rent_for_a_given_user_ignores_the_current_one(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        McpClientLease bobs = await AmbientIdentity.RunAsync(
            Users.Alice, () => services.Pool().RentAsync(McpTesting.ClientName, Users.Bob).AsTask());
        McpClientLease nobodys = await AmbientIdentity.RunAsync(
            Users.Alice, () => services.Pool().RentAsync(McpTesting.ClientName, user: null).AsTask());

        Assert.Equal("bob", await bobs.Client.CallTextAsync("whoami"));
        Assert.Equal("anonymous", await nobodys.Client.CallTextAsync("whoami"));
        await Assert.ThrowsAsync<ClaimInjectionException>(
            () => AmbientIdentity.RunAsync(Users.Alice, () => bobs.Client.CallTextAsync("whoami")));
        await bobs.DisposeAsync();
        await nobodys.DisposeAsync();
    }

    [Fact]
    public async Task Default_client_needs_no_name()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        var collection = new ServiceCollection();
        collection.AddMcpClient(backend.Endpoint).AddClaimInjection();
        await using ServiceProvider services = collection.BuildServiceProvider();

        using (AmbientIdentity.Use(Users.Alice))
        {
            await using McpClientLease lease = await services.Pool().RentAsync();
            await using McpClient client = await services.GetRequiredService<IMcpClientFactory>().CreateClientAsync();

            Assert.Equal(["alice", "alice"], [await lease.Client.CallTextAsync("whoami"), await client.CallTextAsync("whoami")]);
        }
    }

    [Fact]
    public async Task Default_forms_work_on_doubles()
    {
        var pool = Substitute.For<IMcpClientPool>();
        var lease = new McpClientLease(Substitute.For<McpClient>());
        pool.RentAsync(McpClientDefaults.Name, Arg.Any<CancellationToken>()).Returns(lease);

        Assert.Same(lease, await pool.RentAsync());
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Tool_is_called_with_its_arguments_for_the_current_user(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(
            kind, server: mcp => mcp.WithTools([McpServerTool.Create((string text) => text, new() { Name = "echo" })]));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        IMcpClientPool pool = services.Pool();

        CallToolResult[] results = await Task.WhenAll(
            AmbientIdentity.RunAsync(Users.Alice, () => pool.CallToolAsync(McpTesting.ClientName, "whoami")),
            AmbientIdentity.RunAsync(Users.Bob, () => pool.CallToolAsync(McpTesting.ClientName, "whoami")),
            AmbientIdentity.RunAsync(null, () => pool.CallToolAsync(McpTesting.ClientName, "whoami")),
            AmbientIdentity.RunAsync(Users.Alice, () => pool.CallToolAsync(
                McpTesting.ClientName, "echo", new Dictionary<string, object?> { ["text"] = "sent" })));

        IEnumerable<string> texts = results.Select(result => Assert.IsType<TextContentBlock>(result.Content[0]).Text);
        Assert.Equal(["alice", "bob", "anonymous", "sent"], texts);
    }

    [Fact]
    public async Task Call_gives_its_session_back_also_where_it_fails()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.MaxSessions = 1)
            .BuildServiceProvider();
        IMcpClientPool pool = services.Pool();

        await AmbientIdentity.RunAsync(Users.Alice, () => pool.CallToolAsync(McpTesting.ClientName, "ping"));
        await Assert.ThrowsAnyAsync<McpException>(
            () => AmbientIdentity.RunAsync(Users.Bob, () => pool.CallToolAsync(McpTesting.ClientName, "no such tool")));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AmbientIdentity.RunAsync(
            Users.Bob, () => pool.CallToolAsync(McpTesting.ClientName, "ping", cancellationToken: cancelled.Token)));

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    [Fact]
    public async Task Call_without_a_pool_or_a_tool_is_refused_at_once()
    {
        IMcpClientPool pool = Substitute.For<IMcpClientPool>();

        Assert.Throws<ArgumentNullException>("pool", () => { _ = McpClientPoolExtensions.CallToolAsync(null!, "name", "tool"); });
        Assert.Throws<ArgumentNullException>("toolName", () => { _ = pool.CallToolAsync("name", null!); });
        await pool.DidNotReceiveWithAnyArgs().RentAsync(string.Empty, CancellationToken.None);
    }

    [Fact]
    public async Task Builder_configures_the_client_and_its_pool()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        var collection = new ServiceCollection();
        collection.AddMcpClient("named")
            .ConfigureHttpClient(client => client.BaseAddress = backend.Endpoint)
            .ConfigureMcpClientOptions(options => options.ProtocolVersion = "2025-11-25")
            .ConfigurePool(pool => pool.MaxSessions = 1)
            .AddClaimInjection();
        await using ServiceProvider services = collection.BuildServiceProvider();

        await using McpClientLease alices = await services.Pool().RentAsync("named", Users.Alice);

        Assert.Equal("2025-11-25", alices.Client.NegotiatedProtocolVersion);
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.Pool().RentAsync("named", Users.Bob).AsTask());
    }
}
