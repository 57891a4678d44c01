using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What the server asks within a call is answered as the principal whose call it is, whoever of the user's has rented since.</summary>
public sealed class QuestionTests
{
    private static ClaimsPrincipal Plain => Users.With(("sub", "alice"), ("name", "plain"), ("iat", "100"));

    private static ClaimsPrincipal Support => Users.With(("sub", "alice"), ("name", "support-admin"), ("iat", "200"));

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Principal_that_rents_after_the_call_does_not_answer_for_it(McpBackendKind kind)
    {
        var gate = new AsyncGate();
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, _) =>
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
        await using ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, _) =>
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
            backend, mcp: options => options.Handlers.ElicitationHandler = (_, _) => throw new InvalidOperationException("no")).BuildServiceProvider();
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
        await using ServiceProvider services = McpTesting.ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, token) =>
        {
            await (holds ? gate.WaitAsync().WaitAsync(token) : Task.CompletedTask);
            return AnswerAs(AmbientIdentity.User);
        }).BuildServiceProvider();
        using var impatience = new CancellationTokenSource();
        await using McpClientLease lease = await services.RentForAsync(Plain);
        Task cancelled = AmbientIdentity.RunAsync(Plain, () => lease.Client.CallToolAsync("ask", cancellationToken: impatience.Token).AsTask());
        await gate.Arrived;
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        holds = false;

        Assert.Equal("decline", await services.CallForAsync(Support, "ask"));
    }

    private static ElicitResult AnswerAs(ClaimsPrincipal? user) =>
        new() { Action = user?.FindFirst("name")?.Value == "plain" ? "accept" : "decline" };

    private static IEnumerable<McpExchange> Responses(McpBackend backend) => backend.Exchanges.Where(exchange => exchange.Rpc == "response");
}
