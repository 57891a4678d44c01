using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Where there are no sessions, 400 and 404 are errors of a call, and one user's must not cost everybody the client.</summary>
public sealed class DoubtfulClientTests
{
    [Fact]
    public async Task Call_of_one_user_that_the_backend_refuses_leaves_everybody_the_client()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (HeldRequests.IsOf(context, "mallory") && context.Request.Headers["Mcp-Method"] == "tools/call")
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return Task.CompletedTask;
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClient first = await ClientForAsync(services, Users.Alice);

        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Named("mallory")));

        Assert.Same(first, await ClientForAsync(services, Users.Alice));
        await Assert.ThrowsAsync<HttpRequestException>(() => services.CallForAsync(Users.Named("mallory")));
        Assert.Same(first, await ClientForAsync(services, Users.Bob));
        Assert.Equal(
            ["alice", "alice", "bob"],
            backend.Exchanges.Where(exchange => exchange.Rpc == "server/discover").Select(exchange => exchange.Subject));
    }

    [Fact]
    public async Task Method_that_the_backend_does_not_know_leaves_everybody_the_client()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClient first = await ClientForAsync(services, Users.Alice);

        await AmbientIdentity.RunAsync(Users.Alice, () => Assert.ThrowsAnyAsync<Exception>(async () => await first.ListPromptsAsync()));

        Assert.Same(first, await ClientForAsync(services, Users.Bob));
    }

    private static async Task<McpClient> ClientForAsync(IServiceProvider services, ClaimsPrincipal user)
    {
        await using McpClientLease lease = await services.RentForAsync(user);
        return lease.Client;
    }
}
