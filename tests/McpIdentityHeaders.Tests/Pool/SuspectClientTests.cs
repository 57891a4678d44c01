using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Without sessions, 400 and 404 are errors of one call, which must not close the shared client.</summary>
public sealed class SuspectClientTests
{
    [Fact]
    public async Task Refused_call_of_one_user_leaves_the_shared_client_open()
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
    public async Task Method_unknown_to_the_backend_leaves_the_shared_client_open()
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
        return lease.Pooled();
    }
}
