using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>Several users of one gateway: each is themselves to the backend, one after the other and all at once.</summary>
public sealed class SeveralUsersTests : IAsyncLifetime
{
    private const int Users = 20;
    private const int Rounds = 5;

    private static readonly OidcUser[] Named =
    [
        OidcUser.Alice,
        OidcUser.Bob,
        new OidcUser("josé", "José", "jose@example.es", "finanzas, públicas", "staff"),
        new OidcUser("yamada", "山田太郎", "taro@example.jp", "営業"),
        new OidcUser("=?base64?YWxpY2U=?=", "a\r\nX-User-Sub: alice", "%61lice@example.com", "a%2Cb", "\"quoted\""),
    ];

    private Deployment _deployment = null!;

    public async Task InitializeAsync() => _deployment = await Deployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Fact]
    public async Task Backend_tells_each_user_who_they_are()
    {
        await using var clients = new ClientCollection();
        foreach (OidcUser user in Named)
        {
            clients.Add(await _deployment.ConnectAsync(user));
        }

        // All are connected before the first asks, so that none asks merely as who came last.
        foreach ((OidcUser user, McpClient client) in Named.Zip(clients))
        {
            Assert.Equal(user.ToString(), await client.WhoAmIAsync());
        }
    }

    [Fact]
    public async Task Notes_are_private()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);
        await using McpClient bob = await _deployment.ConnectAsync(OidcUser.Bob);

        int note = await alice.AddNoteAsync("Alice's own");
        await bob.AddNoteAsync("Bob's own");
        CallToolResult deletion = await bob.DeleteNoteAsync(note);

        Assert.True(deletion.IsError);
        Assert.Equal(["Alice's own"], await alice.ListNotesAsync());
        Assert.Equal(["Bob's own"], await bob.ListNotesAsync());
    }

    [Fact]
    public async Task Users_at_the_same_time_never_meet_each_other()
    {
        OidcUser[] users = [.. Enumerable.Range(0, Users).Select(NumberedUser)];
        await using var clients = new ClientCollection();
        clients.AddRange(await Task.WhenAll(users.Select(
            (user, number) => _deployment.ConnectAsync(user, number % 2 == 0 ? "2026-07-28" : "2025-11-25"))));

        await Task.WhenAll(users.Zip(clients, WorkAsync));

        Assert.All(
            _deployment.Backend.Exchanges.Where(exchange => exchange.Subject is not null),
            exchange => Assert.Equal($"role-{exchange.Subject!["user-".Length..]}", exchange.Headers["X-User-Roles"]));

        async Task WorkAsync(OidcUser user, McpClient client)
        {
            for (int round = 1; round <= Rounds; round++)
            {
                Task<string> who = client.WhoAmIAsync();
                Task add = client.AddNoteAsync($"{user.Subject}, {round}");
                Task<IReadOnlyList<string>> list = client.ListNotesAsync();
                await Task.WhenAll(who, add, list);

                Assert.Equal(user.ToString(), await who);
                Assert.All(await list, note => Assert.StartsWith($"{user.Subject}, ", note, StringComparison.Ordinal));
            }

            Assert.Equal(Enumerable.Range(1, Rounds).Select(round => $"{user.Subject}, {round}"), await client.ListNotesAsync());
        }
    }

    private static OidcUser NumberedUser(int number) => new($"user-{number}", $"User {number}", $"{number}@example.com", $"role-{number}");
}
