using System.Text.Json;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using NSubstitute;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>What belongs to the session itself goes as the session's user, as it stands at that moment.</summary>
public sealed class SessionLegTests
{
    private const string Older = "Alice Adams";
    private const string Newer = "Alice Newer";

    [Theory]
    [InlineData(McpBackendKind.Stateless, "POST server/discover")]
    [InlineData(McpBackendKind.Sessions, "POST initialize", "POST notifications/initialized", "GET ", "DELETE ")]
    [InlineData(McpBackendKind.LegacySse, "GET ", "POST initialize", "POST notifications/initialized")]
    public async Task Legs_carry_the_sessions_user_when_the_accessor_has_another(McpBackendKind kind, params string[] legs)
    {
        ClaimsPrincipal said = Users.Alice;
        IIdentityAccessor accessor = Substitute.For<IIdentityAccessor>();
        accessor.User.Returns(_ => said);

        await using McpBackend backend = await McpBackend.StartAsync(kind, (context, next) =>
        {
            said = Users.Bob;
            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton(accessor).BuildServiceProvider();

        await using (McpClient client = await services.ConnectAsync())
        {
            await WaitForStreamAsync(backend);
            await client.CallTextAsync("ping");
        }

        Assert.Equal("bob", Assert.Single(backend.Calls()).Subject);
        IEnumerable<McpExchange> own = backend.Exchanges.Except(backend.Calls());
        Assert.Equal(legs.Order(), own.Select(leg => $"{leg.Http} {leg.Rpc}").Order());
        Assert.All(own, leg => Assert.Equal("alice", leg.Subject));
    }

    [Fact]
    public async Task Reconnect_of_the_stream_carries_the_newer_principal_after_the_creators_scope()
    {
        int gets = 0;
        var replaced = new TaskCompletionSource();
        var reconnected = new TaskCompletionSource();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (context.Request.Method == HttpMethods.Get && Interlocked.Increment(ref gets) is var count and <= 3)
            {
                await replaced.Task;
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                _ = count == 3 && reconnected.TrySetResult();
                return;
            }

            await next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        await using McpClient client = session.Client;
        await WaitForStreamAsync(backend);

        using (AmbientIdentity.Use(Users.Bob))
        {
            session.SetUser(SessionTesting.NewerAlice);
            replaced.SetResult();
            await reconnected.Task;
        }

        Assert.Equal([Older, Newer, Newer], Names(backend, exchange => exchange.Http == "GET").Take(3));
    }

    [Fact]
    public async Task Stream_of_bobs_call_that_is_resumed_carries_the_sessions_user()
    {
        string? id = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (context.Request.Headers["Mcp-Method"] == "tools/call")
            {
                using JsonDocument call = await JsonDocument.ParseAsync(context.Request.Body);
                id = call.RootElement.GetProperty("id").GetRawText();
                await EventAsync(context, "id: 1\nretry: 1\ndata:\n\n");
            }
            else if (context.Request.Headers.ContainsKey("Last-Event-ID"))
            {
                await EventAsync(context, $$$"""
                    data: {"jsonrpc":"2.0","id":{{{id}}},"result":{"content":[{"type":"text","text":"resumed"}]}}


                    """.ReplaceLineEndings("\n"));
            }
            else
            {
                await next(context);
            }
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpSession session = await services.OpenSessionOfNewerAliceAsync();
        await using McpClient client = session.Client;

        using (AmbientIdentity.Use(Users.Bob))
        {
            Assert.Equal("resumed", await client.CallTextAsync("ping"));
        }

        Assert.Equal("bob", Assert.Single(backend.Calls()).Subject);
        Assert.Equal([Newer], Names(backend, exchange => exchange.Headers.ContainsKey("Last-Event-ID")));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions, Flow.OfBob)]
    [InlineData(McpBackendKind.Sessions, Flow.OfAnonymous)]
    [InlineData(McpBackendKind.Sessions, Flow.Unknown)]
    [InlineData(McpBackendKind.LegacySse, Flow.OfBob)]
    [InlineData(McpBackendKind.LegacySse, Flow.OfAnonymous)]
    public async Task Response_to_the_server_carries_the_sessions_user_whoever_calls(McpBackendKind kind, Flow caller)
    {
        ClaimsPrincipal? asked = null;
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = (_, _) =>
            {
                asked = AmbientIdentity.User;
                return ValueTask.FromResult(new ElicitResult { Action = "decline" });
            })
            .BuildServiceProvider();
        McpSession session = await services.OpenSessionOfNewerAliceAsync();
        await using McpClient client = session.Client;

        using (caller.Enter())
        {
            Assert.Equal("decline", await client.CallTextAsync("ask"));
        }

        Assert.Equal([Newer], Names(backend, exchange => exchange.Rpc == "response"));
        Assert.Same(session.User, asked);
    }

    [Fact]
    public async Task Response_that_is_a_call_of_its_own_carries_the_live_user()
    {
        // Protocol 2026-07-28 has no server requests: the client repeats its call with the response in it.
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult()))
            .BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        await using McpClient client = session.Client;

        using (AmbientIdentity.Use(Users.Bob))
        {
            Assert.Equal("confirmed", await client.CallTextAsync("confirm"));
        }

        Assert.Equal(["bob", "bob"], backend.Calls().Select(call => call.Subject));
    }

    [Theory]
    [InlineData(Flow.OfBob)]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous)]
    [InlineData(Flow.Unknown)]
    public async Task Delete_carries_the_sessions_user_whoever_disposes(Flow disposer)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpSession session = await services.OpenSessionOfNewerAliceAsync();

        using (disposer.Enter())
        {
            await session.Client.DisposeAsync();
        }

        McpExchange delete = Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE");
        Assert.Equal(("alice", Newer, "alice@newer.example"), (delete.Subject, delete.UserName, delete.Headers["X-User-Email"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Session_opened_anonymously_has_legs_without_headers_if_alice_disposes_it(bool anonymous)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(anonymous ? Users.Anonymous : null);
        await WaitForStreamAsync(backend);

        using (AmbientIdentity.Use(Users.Alice))
        {
            await session.Client.DisposeAsync();
        }

        Assert.Equal(["DELETE", "GET", "POST", "POST"], backend.Exchanges.Select(exchange => exchange.Http).Order());
        Assert.All(backend.Exchanges, exchange => Assert.Empty(exchange.IdentityHeaders));
    }

    [Fact]
    public async Task Session_opened_where_the_user_was_unknown_has_legs_without_headers()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await using (await services.ConnectAsync())
        {
            await WaitForStreamAsync(backend);
        }

        Assert.Equal(["DELETE", "GET", "POST", "POST"], backend.Exchanges.Select(exchange => exchange.Http).Order());
        Assert.All(backend.Exchanges, exchange => Assert.Empty(exchange.IdentityHeaders));
    }

    [Fact]
    public async Task Opening_a_session_leaves_the_callers_flow_as_it_was()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsPrincipal bob = Users.Bob;
        using IdentityScope scope = AmbientIdentity.Use(bob);

        Task<McpSession> opening = services.OpenSessionAsync();
        Assert.Same(bob, AmbientIdentity.User);

        McpSession session = await opening;
        await using McpClient client = session.Client;
        session.SetUser(SessionTesting.NewerAlice);
        Assert.Same(bob, AmbientIdentity.User);
    }

    /// <summary>The stream is opened beside the connecting flow, which does not wait for it.</summary>
    private static Task WaitForStreamAsync(McpBackend backend) =>
        backend.Kind == McpBackendKind.Stateless ? Task.CompletedTask : backend.WaitForAsync(exchange => exchange.Http == "GET");

    private static IEnumerable<string?> Names(McpBackend backend, Func<McpExchange, bool> matches) =>
        backend.Exchanges.Where(matches).Select(exchange => exchange.UserName);

    private static Task EventAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/event-stream";
        return context.Response.WriteAsync(text);
    }
}
