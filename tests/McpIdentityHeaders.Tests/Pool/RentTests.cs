using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Whose session a lease is on.</summary>
public sealed class RentTests
{
    [Fact]
    public async Task Users_of_a_backend_that_binds_sessions_to_users_each_have_their_own()
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
}
