using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>The backend's tool for administrators, by the roles that the user's token has.</summary>
public sealed class RoleTests : IAsyncLifetime
{
    private const string Tool = "notes_list_all_notes";

    private static readonly OidcUser Carol = new("carol", "Carol Clark", "carol@example.com", "staff", "admin");

    private Deployment _deployment = null!;

    public async Task InitializeAsync() => _deployment = await Deployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Fact]
    public async Task Administrator_lists_the_notes_of_all()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);
        await using McpClient carol = await _deployment.ConnectAsync(Carol);
        await alice.AddNoteAsync("only for Alice");

        CallToolResult result = await carol.ListAllNotesAsync();

        Assert.NotEqual(true, result.IsError);
        Assert.Contains("only for Alice", result.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_of_another_role_is_refused()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);
        await alice.AddNoteAsync("only for Alice");

        await AssertRefusedAsync(alice);
    }

    [Fact]
    public async Task Role_with_a_name_like_two_is_refused()
    {
        await using McpClient dave = await _deployment.ConnectAsync(new OidcUser("dave", "Dave Dunn", "dave@example.com", "staff,admin"));

        await AssertRefusedAsync(dave);
    }

    [Fact]
    public async Task User_who_has_become_an_administrator_is_one_with_the_next_token()
    {
        await using McpClient before = await _deployment.ConnectAsync(Carol with { Roles = ["staff"] });
        await AssertRefusedAsync(before);

        await using McpClient after = await _deployment.ConnectAsync(Carol);

        Assert.NotEqual(true, (await after.ListAllNotesAsync()).IsError);
    }

    [Fact]
    public async Task User_who_is_no_administrator_any_more_is_refused_with_the_next_token()
    {
        await using McpClient before = await _deployment.ConnectAsync(Carol);
        Assert.NotEqual(true, (await before.ListAllNotesAsync()).IsError);

        await using McpClient after = await _deployment.ConnectAsync(Carol with { Roles = ["staff"] });

        await AssertRefusedAsync(after);
    }

    [Fact]
    public async Task Tool_for_administrators_is_listed_for_them_alone()
    {
        await using McpClient carol = await _deployment.ConnectAsync(Carol);
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);

        Assert.Contains(Tool, (await carol.ListToolsAsync()).Select(tool => tool.Name));
        Assert.DoesNotContain(Tool, (await alice.ListToolsAsync()).Select(tool => tool.Name));
        Assert.Contains(Tool, (await carol.ListToolsAsync()).Select(tool => tool.Name));
    }

    internal static async Task AssertRefusedAsync(McpClient user)
    {
        var error = await Assert.ThrowsAsync<McpProtocolException>(user.ListAllNotesAsync);

        Assert.EndsWith("Access forbidden: This tool requires authorization.", error.Message, StringComparison.Ordinal);
    }
}
