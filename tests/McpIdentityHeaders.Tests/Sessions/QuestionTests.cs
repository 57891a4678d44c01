using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>What the server asks within a call is answered as the principal that called, not as the one that rented last.</summary>
public sealed class QuestionTests
{
    // Deprecated by the SDK, and still what backends ask.
    private const string Roots = "roots/list";

    private static ClaimsPrincipal Plain => Users.With(("sub", "alice"), ("name", "plain"), ("iat", "100"));

    private static ClaimsPrincipal Support => Users.With(("sub", "alice"), ("name", "support-admin"), ("iat", "200"));

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Principal_that_rents_after_the_call_does_not_answer_for_it(McpBackendKind kind)
    {
        var gate = new AsyncGate();
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, _) =>
        {
            await gate.WaitAsync();
            return AnswerAs(AmbientIdentity.User);
        }).BuildServiceProvider();
        Task<string> asked = services.CallForAsync(Plain, "ask");
        await gate.Arrived;

        await using McpClientLease newer = await services.RentForAsync(Support);
        gate.Release();

        Assert.Equal("accept", await asked);
        Assert.Equal("plain", Assert.Single(Responses(backend)).UserName);
    }

    [Fact]
    public async Task Principals_of_one_user_who_are_asked_at_once_answer_each_for_their_own_call()
    {
        const int Rounds = 8;
        var gate = new AsyncGate(expected: 2 * Rounds);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, _) =>
        {
            await gate.WaitAsync();
            return AnswerAs(AmbientIdentity.User);
        }).BuildServiceProvider();

        Task<string>[] asked = [.. Enumerable.Range(0, 2 * Rounds).Select(i => services.CallForAsync(i % 2 == 0 ? Plain : Support, "ask"))];
        await gate.Arrived;
        gate.Release();

        Assert.Equal(Enumerable.Range(0, 2 * Rounds).Select(i => i % 2 == 0 ? "accept" : "decline"), await Task.WhenAll(asked));
        Assert.Single(backend.LiveSessions);
        Assert.Equal(Rounds, Responses(backend).Count(response => response.UserName == "plain"));
        Assert.Equal(Rounds, Responses(backend).Count(response => response.UserName == "support-admin"));
    }

    [Fact]
    public async Task Refusal_of_a_question_carries_the_asking_principal_too()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(
            backend,
            mcp: options => options.Handlers.ElicitationHandler = (_, _) => throw new InvalidOperationException("no"))
            .BuildServiceProvider();
        await using McpClientLease older = await services.RentForAsync(Plain);
        await using McpClientLease newer = await services.RentForAsync(Support);

        await Assert.ThrowsAnyAsync<Exception>(() => AmbientIdentity.RunAsync(Plain, () => older.Client.CallTextAsync("ask")));

        Assert.Equal("plain", Assert.Single(Responses(backend)).UserName);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_that_was_cancelled_is_asked_no_more(McpBackendKind kind)
    {
        var gate = new AsyncGate();
        bool holds = true;
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, token) =>
        {
            await (holds ? gate.WaitAsync().WaitAsync(token) : Task.CompletedTask);
            return AnswerAs(AmbientIdentity.User);
        }).BuildServiceProvider();
        using var cancellation = new CancellationTokenSource();
        await using McpClientLease lease = await services.RentForAsync(Plain);
        Task cancelled =
            AmbientIdentity.RunAsync(Plain, () => lease.Client.CallToolAsync("ask", cancellationToken: cancellation.Token).AsTask());
        await gate.Arrived;
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        holds = false;

        Assert.Equal("decline", await services.CallForAsync(Support, "ask"));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions, RequestMethods.Ping)]
    [InlineData(McpBackendKind.Sessions, Roots)]
    [InlineData(McpBackendKind.Sessions, "test/unheard-of")]
    [InlineData(McpBackendKind.LegacySse, RequestMethods.Ping)]
    [InlineData(McpBackendKind.LegacySse, Roots)]
    [InlineData(McpBackendKind.LegacySse, "test/unheard-of")]
    public async Task Answer_without_a_handler_carries_the_asking_principal(McpBackendKind kind, string method)
    {
        await using McpBackend backend = await QuestionServer.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease older = await services.RentForAsync(Plain);
        await using McpClientLease newer = await services.RentForAsync(Support);

        await AmbientIdentity.RunAsync(Plain, () => QuestionServer.AskAsync(older.Client, method));
        await older.Client.CallTextAsync("ping");
        await QuestionServer.AskAsync(older.Client, method);
        await AmbientIdentity.RunAsync(Support, () => QuestionServer.AskAsync(newer.Client, method));

        Assert.Equal(["plain", "plain", "support-admin"], Responses(backend).Select(response => response.UserName));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Answer_is_the_renters_where_the_accessor_has_no_user(McpBackendKind kind)
    {
        var accessor = new PropertyAccessor();
        await using McpBackend backend = await QuestionServer.StartAsync(kind);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).AddSingleton<IIdentityAccessor>(accessor).BuildServiceProvider();
        accessor.User = Plain;
        await using McpClientLease older = await services.RentAsync();
        accessor.User = Support;
        await using McpClientLease newer = await services.RentAsync();
        accessor.User = null;

        await QuestionServer.AskAsync(older.Client, Roots);

        Assert.Equal("plain", Assert.Single(Responses(backend)).UserName);
    }

    [Fact]
    public async Task Answer_carries_the_principal_that_a_handler_set_on_the_call()
    {
        await using McpBackend backend = await QuestionServer.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, builder => builder.AddHttpMessageHandler(() => new CallUserHandler(Plain)))
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Support);

        await AmbientIdentity.RunAsync(Support, () => QuestionServer.AskAsync(lease.Client, Roots));

        Assert.Equal("plain", Assert.Single(Responses(backend)).UserName);
    }

    [Fact]
    public async Task Answer_is_anonymous_where_calls_of_two_principals_share_a_stream()
    {
        await using McpBackend backend = await QuestionServer.StartAsync(McpBackendKind.LegacySse);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using QuestionServer.HeldCall other = await QuestionServer.HoldAsync(services, Support);

        await AmbientIdentity.RunAsync(Plain, async () =>
        {
            await using McpClientLease lease = await services.RentAsync();
            await QuestionServer.AskAsync(lease.Client, Roots);
        });

        Assert.Empty(Assert.Single(Responses(backend)).IdentityHeaders);
    }

    [Fact]
    public async Task Answer_is_the_principals_where_its_calls_have_another_token_each()
    {
        await using McpBackend backend = await QuestionServer.StartAsync(McpBackendKind.LegacySse);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsPrincipal refreshed = Users.With(("sub", "alice"), ("name", "plain"), ("iat", "150"), ("exp", "9"), ("jti", "b"));
        await using QuestionServer.HeldCall other = await QuestionServer.HoldAsync(services, refreshed);

        await AmbientIdentity.RunAsync(Plain, async () =>
        {
            await using McpClientLease lease = await services.RentAsync();
            await QuestionServer.AskAsync(lease.Client, Roots);
        });

        Assert.Equal("plain", Assert.Single(Responses(backend)).UserName);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Question_beside_calls_is_the_users_while_there_is_one_principal(McpBackendKind kind)
    {
        await using McpBackend backend = await QuestionServer.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Plain);
        await services.CallForAsync(Users.With(("sub", "alice"), ("name", "plain"), ("iat", "101")));

        await QuestionServer.AskBesideCallsAsync(backend, Roots);

        Assert.Equal("plain", Assert.Single(Responses(backend)).UserName);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions, false)]
    [InlineData(McpBackendKind.Sessions, true)]
    [InlineData(McpBackendKind.LegacySse, false)]
    [InlineData(McpBackendKind.LegacySse, true)]
    public async Task Question_beside_calls_is_no_ones_of_several_principals(McpBackendKind kind, bool hasNewerCalled)
    {
        await using McpBackend backend = await QuestionServer.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Plain);
        await using McpClientLease newer = await services.RentForAsync(Support);
        if (hasNewerCalled)
        {
            await newer.Client.CallTextAsync("ping");
        }

        await QuestionServer.AskBesideCallsAsync(backend, Roots);
        await QuestionServer.AskBesideCallsAsync(backend, RequestMethods.Ping);

        Assert.Equal([null, "support-admin"], Responses(backend).Select(response => response.UserName));
        Assert.Empty(Responses(backend).First().IdentityHeaders);
    }

    private static ElicitResult AnswerAs(ClaimsPrincipal? user) =>
        new() { Action = user?.FindFirst("name")?.Value == "plain" ? "accept" : "decline" };

    private static IEnumerable<McpExchange> Responses(McpBackend backend) =>
        backend.Exchanges.Where(exchange => exchange.Rpc == "response");

    private sealed class CallUserHandler(ClaimsPrincipal user) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Content is { } content
                && (await content.ReadAsStringAsync(cancellationToken)).Contains("tools/call", StringComparison.Ordinal))
            {
                request.SetUser(user);
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
