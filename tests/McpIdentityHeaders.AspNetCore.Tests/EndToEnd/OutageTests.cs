using System.Net;
using System.Net.Sockets;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>One backend that does not answer takes nothing from the others.</summary>
public sealed class OutageTests : IAsyncLifetime, IDisposable
{
    // Bound, and never listening: nobody else gets the port, and whoever connects is refused.
    private readonly Socket _down = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private Deployment _deployment = null!;

    public async Task InitializeAsync()
    {
        _down.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _deployment = await Deployment.StartAsync(others: ("down", new Uri($"http://{_down.LocalEndPoint}/mcp")));
    }

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    public void Dispose() => _down.Dispose();

    [Fact]
    public async Task Tools_of_the_other_backend_are_listed_and_answer()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);

        Assert.Equal(
            ["notes_add_note", "notes_delete_note", "notes_list_notes", "notes_whoami"],
            (await alice.ListToolsAsync()).Select(tool => tool.Name).Order());
        Assert.Equal(OidcUser.Alice.ToString(), await alice.WhoAmIAsync());
    }

    [Fact]
    public async Task Call_of_a_tool_that_is_out_of_reach_is_answered_with_an_error()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);

        Assert.True((await alice.CallToolAsync("down_anything")).IsError);
    }

    [Theory, InlineData("/health", HttpStatusCode.ServiceUnavailable), InlineData("/health/live", HttpStatusCode.OK)]
    public async Task Gateway_is_alive_and_not_ready(string path, HttpStatusCode expected)
    {
        using var client = new HttpClient();

        using HttpResponseMessage response = await client.GetAsync(new Uri(_deployment.Gateway.Uri, path));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Gateway_whose_backends_answer_is_ready()
    {
        await using Deployment other = await Deployment.StartAsync();
        using var client = new HttpClient();

        using HttpResponseMessage response = await client.GetAsync(new Uri(other.Gateway.Uri, "/health"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
