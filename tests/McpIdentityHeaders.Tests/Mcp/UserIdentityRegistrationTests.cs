using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>How WithUserIdentity is called.</summary>
public sealed class UserIdentityRegistrationTests
{
    [Fact]
    public void WithUserIdentity_returns_the_builder()
    {
        IMcpServerBuilder mcp = new ServiceCollection().AddMcpServer();

        Assert.Same(mcp, mcp.WithUserIdentity());
    }

    [Fact]
    public void Null_builder_is_refused() =>
        Assert.Equal("builder", Assert.Throws<ArgumentNullException>(() => ((IMcpServerBuilder)null!).WithUserIdentity()).ParamName);

    [Fact]
    public void Calling_twice_is_calling_once()
    {
        Assert.Equal(FiltersOf(mcp => mcp.WithUserIdentity()), FiltersOf(mcp => mcp.WithUserIdentity().WithUserIdentity()));
        Assert.Equal(FiltersOf(_ => { }) + 1, FiltersOf(mcp => mcp.WithUserIdentity()));
    }

    [Fact]
    public async Task Calls_on_two_builders_of_one_server_make_one_filter()
    {
        var services = new ServiceCollection();
        services.AddMcpServer().WithUserIdentity();
        services.AddMcpServer().WithUserIdentity();
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);

        Assert.Single(provider.GetRequiredService<IOptions<McpServerOptions>>().Value.Filters.Message.IncomingFilters);
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.Streams)]
    public async Task Server_on_which_it_is_called_twice_runs_messages_as_their_users(UserServerKind kind)
    {
        await using UserServer server = await UserServer.StartAsync(kind, mcp => mcp.WithUserIdentity().WithUserIdentity());
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller);
        Assert.Equal("alice", await client.CallTextAsync("who"));

        caller.Name = null;

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Sessions)]
    public async Task Options_of_one_session_keep_the_filter(UserServerKind kind)
    {
        int configured = 0;
        await using UserServer server = await UserServer.StartAsync(kind, mcp => mcp.WithUserIdentity().WithHttpTransport(http =>
            http.ConfigureSessionOptions = (_, options, _) =>
            {
                Interlocked.Increment(ref configured);
                options.ServerInstructions = "of this session";
                return Task.CompletedTask;
            }));
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller);

        Assert.Equal("alice", await client.CallTextAsync("who"));
        Assert.NotEqual(0, configured);
    }

    private static int FiltersOf(Action<IMcpServerBuilder> call)
    {
        IMcpServerBuilder mcp = new ServiceCollection().AddMcpServer()
            .WithMessageFilters(filters => filters.AddIncomingFilter(next => next));
        call(mcp);
        using ServiceProvider services = mcp.Services.BuildServiceProvider(validateScopes: true);
        return services.GetRequiredService<IOptions<McpServerOptions>>().Value.Filters.Message.IncomingFilters.Count;
    }
}
