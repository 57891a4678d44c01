using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>Users whom the backend asks concurrently: which user is asked, and which identity the response carries.</summary>
public sealed class ElicitationTests
{
    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Responses_of_users_asked_concurrently_carry_each_users_identity(McpBackendKind kind)
    {
        var posts = new ConcurrentQueue<(string Session, string Subject)>();
        var bothAreAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        await using McpBackend backend = await McpBackend.StartAsync(kind, (context, next) =>
        {
            if (HttpMethods.IsPost(context.Request.Method) && SessionOf(context.Request) is { Length: > 0 } session)
            {
                posts.Enqueue((session, context.Request.Headers["X-User-Sub"].ToString()));
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, cancellationToken) =>
            {
                string? before = AmbientIdentity.User?.FindFirst("sub")?.Value;
                if (Interlocked.Increment(ref asked) == 2)
                {
                    bothAreAsked.SetResult();
                }

                await bothAreAsked.Task.WaitAsync(cancellationToken);

                string? after = AmbientIdentity.User?.FindFirst("sub")?.Value;
                return new ElicitResult { Action = (before, after) is ("alice", "alice") ? "accept" : "decline" };
            })
            .BuildServiceProvider();

        string[] answers = await Task.WhenAll(services.CallForAsync(Users.Alice, "ask"), services.CallForAsync(Users.Bob, "ask"));

        Assert.Equal(["accept", "decline"], answers);
        IEnumerable<McpExchange> responses = backend.Exchanges.Where(exchange => exchange.Rpc == "response");
        Assert.Equal(["alice", "bob"], responses.Select(response => response.Subject).Order());
        Assert.Equal(["alice", "bob"], posts.Distinct().Select(post => post.Subject).Order());
        Assert.Equal(2, posts.Select(post => post.Session).Distinct().Count());
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Handler_runs_as_the_sessions_user_while_the_user_is_unknown(McpBackendKind kind)
    {
        ClaimsPrincipal bob = Users.Bob;
        ClaimsPrincipal? asked = null;
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = (_, _) =>
            {
                asked = AmbientIdentity.User;
                return ValueTask.FromResult(new ElicitResult { Action = "decline" });
            })
            .BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(bob);

        Assert.Equal("decline", await bobs.Client.CallTextAsync("ask"));

        Assert.Same(bob, asked);
        Assert.Equal("bob", Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "response").Subject);
    }

    [Theory]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.Unknown)]
    public async Task Anonymous_user_is_asked_and_responds_without_identity(Flow anonymous)
    {
        bool? isSignedIn = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = (_, _) =>
            {
                isSignedIn = AmbientIdentity.User?.Identities.Any(identity => identity.IsAuthenticated) ?? false;
                return ValueTask.FromResult(new ElicitResult { Action = "decline" });
            })
            .BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        using IdentityScope? scope = anonymous.Enter();
        await using McpClientLease lease = await services.RentAsync();

        Assert.Equal("decline", await lease.Client.CallTextAsync("ask"));

        Assert.False(isSignedIn);
        Assert.Empty(Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "response").IdentityHeaders);
    }

    /// <summary>By the header that Streamable HTTP has for it, or by the address that legacy SSE gave out.</summary>
    private static string SessionOf(HttpRequest request) => $"{request.Headers["Mcp-Session-Id"]}{request.Query["sessionId"]}";
}
