using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Messages of several users that are handled at the same time.</summary>
public sealed class UserIdentityConcurrencyTests
{
    public static TheoryData<UserServerKind> Kinds => [.. Enum.GetValues<UserServerKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Call_held_open_keeps_its_user_while_others_call_on_the_same_session(UserServerKind kind)
    {
        var held = new AsyncGate();
        await using UserServer server = await UserServer.StartAsync(kind, held: held);
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller);

        Task<string> alices = client.CallTextAsync("hold");
        await held.Arrived;
        List<string> others = [];
        foreach (string? name in new[] { "bob", null, "carol" })
        {
            caller.Name = name;
            others.Add(await client.CallTextAsync("who"));
        }

        held.Release();

        Assert.Equal(["bob", UserNames.Anonymous, "carol"], others);
        Assert.Equal("alice", await alices);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Anonymous_call_held_open_stays_anonymous(UserServerKind kind)
    {
        var held = new AsyncGate();
        await using UserServer server = await UserServer.StartAsync(kind, held: held);
        await using McpClient client = await server.ConnectAsync(new Caller(null));
        await using McpClient other = await server.ConnectAsync(new Caller("alice"));

        Task<string> anonymous = client.CallTextAsync("hold");
        await held.Arrived;
        string alices = await other.CallTextAsync("who");
        held.Release();

        Assert.Equal("alice", alices);
        Assert.Equal(UserNames.Anonymous, await anonymous);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Concurrent_calls_of_many_users_keep_their_own(UserServerKind kind)
    {
        const int Users = 24;
        string?[] names = [.. Enumerable.Range(0, Users).Select(number => number % 6 == 0 ? null : $"user-{number}")];
        var held = new AsyncGate(expected: Users);
        await using UserServer server = await UserServer.StartAsync(kind, held: held);
        McpClient[] clients = await Task.WhenAll(names.Select(name => server.ConnectAsync(new Caller(name))));

        Task<string[]> answers = Task.WhenAll(clients.Select(client => client.CallTextAsync("hold")));
        await held.Arrived;
        held.Release();

        Assert.Equal(names.Select(name => name ?? UserNames.Anonymous), await answers);
        await Task.WhenAll(clients.Select(client => client.DisposeAsync().AsTask()));
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.SessionsOfOneFlow)]
    [InlineData(UserServerKind.LegacySse)]
    public async Task Concurrent_calls_of_many_users_on_one_session_keep_their_own(UserServerKind kind)
    {
        const int Calls = 30;
        string?[] names = [.. Enumerable.Range(0, Calls).Select(number => number % 5 == 0 ? null : $"user-{number}")];
        var held = new AsyncGate(expected: Calls);
        await using UserServer server = await UserServer.StartAsync(kind, held: held);
        await using McpClient client = await server.ConnectAsync(new Caller("opener") { OfFlow = true });

        Task<string[]> answers = Task.WhenAll(names.Select(name => Caller.CallAsAsync(name, () => client.CallTextAsync("hold"))));
        await held.Arrived;
        held.Release();

        Assert.Equal(names.Select(name => name ?? UserNames.Anonymous), await answers);
    }
}
