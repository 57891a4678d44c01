using System.Net;
using System.Net.Sockets;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>One backend that does not answer takes nothing from the others.</summary>
public sealed class OutageTests : IAsyncLifetime, IDisposable
{
    // Bound, and never listening: no other process gets the port, and connections are refused.
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

    [Fact]
    public async Task Gateway_without_one_of_its_backends_is_degraded() =>
        Assert.Equal((HttpStatusCode.OK, "Degraded"), await HealthOfAsync(_deployment.Gateway, "/health"));

    [Fact]
    public async Task Gateway_is_healthy_with_its_backends_and_only_alive_without_any()
    {
        await using Deployment other = await Deployment.StartAsync();

        Assert.Equal((HttpStatusCode.OK, "Healthy"), await HealthOfAsync(other.Gateway, "/health"));
        await other.Backend.DisposeAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await HealthOfAsync(other.Gateway, "/health"));
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await HealthOfAsync(other.Gateway, "/health/live"));
    }

    private static async Task<(HttpStatusCode Status, string Text)> HealthOfAsync(RunningApp gateway, string path)
    {
        using var client = new HttpClient();
        using HttpResponseMessage response = await client.GetAsync(new Uri(gateway.Uri, path));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
