using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>The MCP SDK's server binds a session to the user who opened it; with identity headers it does so without more.</summary>
public sealed class SessionBindingTests
{
    private const string Issuer = "https://one.example";

    [Theory]
    [InlineData("alice", Issuer, HttpStatusCode.OK)]
    [InlineData("bob", Issuer, HttpStatusCode.Forbidden)]
    [InlineData("Alice", Issuer, HttpStatusCode.Forbidden)]
    [InlineData("alice", "https://two.example", HttpStatusCode.Forbidden)]
    [InlineData("alice", null, HttpStatusCode.Forbidden)]
    [InlineData(null, null, HttpStatusCode.Forbidden)]
    public async Task Session_is_the_users_who_opened_it_of_that_issuer(string? subject, string? issuer, HttpStatusCode expected)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(host, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.With(("sub", "alice"), ("iss", Issuer)), services.ConnectAsync);

        using HttpResponseMessage response = await CallAsync(host, session.SessionId!, subject, issuer);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, (await response.Content.ReadAsStringAsync()).Contains("alice/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bob", HttpStatusCode.Forbidden)]
    [InlineData("alice", HttpStatusCode.OK)]
    public async Task Other_user_cannot_end_a_session(string subject, HttpStatusCode expected)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(host, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri(host.Uri, "/mcp"));
        request.Headers.Add("Mcp-Session-Id", session.SessionId);
        request.Headers.Add("X-User-Sub", subject);
        using var client = new HttpClient();

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(expected == HttpStatusCode.OK, response.IsSuccessStatusCode);
        Assert.True(response.IsSuccessStatusCode || response.StatusCode == expected, $"{response.StatusCode}");
    }

    [Fact]
    public async Task Anonymous_session_is_refused_to_a_user()
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(host, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(null, services.ConnectAsync);

        using HttpResponseMessage response = await CallAsync(host, session.SessionId!, "alice", issuer: null);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    private static async Task<HttpResponseMessage> CallAsync(ReceivingHost host, string sessionId, string? subject, string? issuer)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Uri, "/mcp"))
        {
            Content = new StringContent(
                """{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"whoami","arguments":{}}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("Mcp-Session-Id", sessionId);
        request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
        if (subject is not null)
        {
            request.Headers.Add("X-User-Sub", subject);
        }

        if (issuer is not null)
        {
            request.Headers.Add("X-User-Issuer", issuer);
        }

        return await client.SendAsync(request);
    }
}
