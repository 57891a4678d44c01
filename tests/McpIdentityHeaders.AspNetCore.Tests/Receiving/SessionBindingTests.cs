using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>The MCP SDK's server binds a session to the user who opened it; with identity headers it does so without more.</summary>
public sealed class SessionBindingTests
{
    [Theory]
    [MemberData(nameof(SessionCallers.All), MemberType = typeof(SessionCallers))]
    public async Task Session_is_the_users_who_opened_it_of_that_issuer(string? subject, string? issuer, HttpStatusCode expected)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(host, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(
            Users.With(("sub", "alice"), ("iss", SessionCallers.Issuer)), services.ConnectAsync);

        using HttpResponseMessage response = await CallAsync(host, session.SessionId!, subject, issuer);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(
            expected == HttpStatusCode.OK,
            (await response.Content.ReadAsStringAsync()).Contains("alice/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bob", HttpStatusCode.Forbidden)]
    [InlineData("alice", HttpStatusCode.OK)]
    public async Task Other_user_cannot_end_a_session(string subject, HttpStatusCode expected)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(host, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        using HttpResponseMessage response = await McpReceiver.EndAsync(
            host.Uri, session.SessionId!, request => request.Headers.Add("X-User-Sub", subject));

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

    private static Task<HttpResponseMessage> CallAsync(ReceivingHost host, string sessionId, string? subject, string? issuer) =>
        McpReceiver.CallAsync(host.Uri, sessionId, request =>
        {
            foreach ((string name, string? value) in new[] { ("X-User-Sub", subject), ("X-User-Issuer", issuer) })
            {
                if (value is not null)
                {
                    request.Headers.Add(name, value);
                }
            }
        });
}
