using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
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
        await Assert.ThrowsAsync<ClaimInjectionException>(() => AmbientIdentity.RunAsync(Users.Alice, () => bobs.Client.CallTextAsync("whoami")));
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
