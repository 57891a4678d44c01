using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Many users at once through handlers that all of them share.</summary>
public sealed class ConcurrentUsersTests
{
    private const int Count = 200;
    private const string Opener = "opener";

    private static readonly string[] Subjects = [.. Enumerable.Range(0, Count).Select(number => $"user-{number}")];

    [Fact]
    public async Task Calls_through_one_pipeline_carry_their_own_user_while_handlers_rotate()
    {
        int made = 0;
        var rotated = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, builder => builder
                .SetHandlerLifetime(TimeSpan.FromSeconds(1))
                .ConfigurePrimaryHttpMessageHandler(() =>
                {
                    _ = Interlocked.Increment(ref made) == 2 && rotated.TrySetResult();
                    return new SocketsHttpHandler();
                }))
            .BuildServiceProvider();

        await using McpClient before = await services.ConnectAsync();
        Task calling = ForAllUsersAsync(subject => CallAsync(before, subject, times: 10));

        // Only a new session asks for a handler.
        while (!rotated.Task.IsCompleted)
        {
            await AmbientIdentity.RunAsync(Users.Named(Opener), async () =>
            {
                await using McpClient next = await services.ConnectAsync();
                await CallAsync(next, Opener, times: 1);
            });
        }

        await using McpClient after = await services.ConnectAsync();
        await Task.WhenAll(calling, ForAllUsersAsync(async subject =>
        {
            await CallAsync(after, subject, times: 9);
            await CallAsync(before, subject, times: 1);
        }));

        AssertCallsOfEach(backend, 20);
    }

    [Fact]
    public async Task Sessions_of_many_users_never_mix()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await ForAllUsersAsync(async subject =>
        {
            await using McpClient client = await services.ConnectAsync();
            await CallAsync(client, subject, times: 3);
            await backend.WaitForAsync(exchange => exchange.Http == "GET" && exchange.Subject == subject);
        });

        string[] calls = [.. Enumerable.Repeat("POST tools/call", 3)];
        ILookup<string?, string> sent = backend.Exchanges.ToLookup(
            exchange => exchange.Subject, exchange => $"{exchange.Http} {exchange.Rpc}");
        Assert.All(Subjects, subject => Assert.Equal(
            ["DELETE ", "GET ", "POST initialize", "POST notifications/initialized", .. calls], sent[subject].Order()));

        IEnumerable<IGrouping<string, McpExchange>> sessions = backend.Exchanges
            .Where(exchange => exchange.Headers.ContainsKey("Mcp-Session-Id"))
            .GroupBy(exchange => exchange.Headers["Mcp-Session-Id"]);
        Assert.Equal(Count, sessions.Count());
        Assert.All(sessions, session => Assert.Single(session.Select(exchange => exchange.Subject).Distinct()));
    }

    [Fact]
    public async Task Calls_from_scopes_of_their_own_carry_their_own_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider(validateScopes: true);

        await ForAllUsersAsync(async subject =>
        {
            await using AsyncServiceScope request = services.CreateAsyncScope();
            IIdentityAccessor accessor = request.ServiceProvider.GetRequiredService<IIdentityAccessor>();

            await using McpClient client = await request.ServiceProvider.ConnectAsync();
            await CallAsync(client, subject, times: 2);

            Assert.Equal(subject, accessor.User?.FindFirst("sub")?.Value);
        });

        AssertCallsOfEach(backend, 2);
    }

    private static Task ForAllUsersAsync(Func<string, Task> act) => Task.WhenAll(Subjects.Select(subject =>
        Task.Run(() => AmbientIdentity.RunAsync(Users.Named(subject), () => act(subject)))));

    private static void AssertCallsOfEach(McpBackend backend, int calls) => Assert.Equal(
        Subjects.ToDictionary(subject => subject, _ => calls),
        backend.Calls().Where(call => call.Subject != Opener).CountBy(call => call.Subject ?? "anonymous").ToDictionary());

    private static async Task CallAsync(McpClient client, string subject, int times)
    {
        for (int call = 0; call < times; call++)
        {
            Assert.Equal(subject, await client.CallTextAsync("whoami"));
        }
    }
}
