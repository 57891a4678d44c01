using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>The MCP SDK's session binding and authorization, for users whom an assertion names: as with plain headers.</summary>
public sealed class AssertedSessionTests
{
    [Theory]
    [InlineData("alice", HttpStatusCode.OK)]
    [InlineData("bob", HttpStatusCode.Forbidden)]
    [InlineData("Alice", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.Forbidden)]
    public async Task Session_is_the_users_who_opened_it(string? subject, HttpStatusCode expected)
    {
        await using AssertionHosts hosts = await McpAsserter.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpAsserter.NewClients(hosts, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        using HttpResponseMessage response = await CallAsync(hosts, session.SessionId!, subject);

        Assert.Equal(expected, response.StatusCode);
        string body = await response.Content.ReadAsStringAsync();
        Assert.Equal(expected == HttpStatusCode.OK, body.Contains("alice/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plain_headers_of_the_owner_do_not_open_a_session_of_assertions()
    {
        await using AssertionHosts hosts = await McpAsserter.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpAsserter.NewClients(hosts, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        using HttpResponseMessage alone = await CallAsync(hosts, session.SessionId!, subject: null, "alice");
        using HttpResponseMessage besideBob = await CallAsync(hosts, session.SessionId!, "bob", "alice");

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (alone.StatusCode, besideBob.StatusCode));
    }

    [Theory]
    [InlineData("bob", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.Forbidden)]
    [InlineData("alice", HttpStatusCode.OK)]
    public async Task Other_user_cannot_end_a_session(string? subject, HttpStatusCode expected)
    {
        await using AssertionHosts hosts = await McpAsserter.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpAsserter.NewClients(hosts, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri(hosts.Backend, "/mcp"));

        using HttpResponseMessage response = await SendAsync(hosts, request, session.SessionId!, subject);

        bool isExpected = expected == HttpStatusCode.OK ? response.IsSuccessStatusCode : response.StatusCode == expected;
        Assert.True(isExpected, $"{response.StatusCode}");
    }

    [Fact]
    public async Task Anonymous_session_is_refused_to_a_user()
    {
        await using AssertionHosts hosts = await McpAsserter.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpAsserter.NewClients(hosts, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(null, services.ConnectAsync);

        using HttpResponseMessage response = await CallAsync(hosts, session.SessionId!, "alice");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, false, false)]
    [InlineData(McpBackendKind.Sessions, false, false)]
    [InlineData(McpBackendKind.Sessions, true, false)]
    [InlineData(McpBackendKind.Stateless, true, true)]
    [InlineData(McpBackendKind.Sessions, false, true)]
    public async Task Tools_that_a_user_may_not_call_are_hidden_and_refused(McpBackendKind kind, bool replaceHeaders, bool bind)
    {
        await using AssertionHosts hosts = await McpAsserter.StartAsync(kind, receive: options => options.RequireBinding = bind);
        await using ServiceProvider services = McpAsserter.NewClients(hosts, kind, options =>
        {
            options.ReplaceHeaders = replaceHeaders;
            options.BindRequest = bind;
        });

        await AssertMayAsync(McpReceiver.User("alice", "staff", "admin"), "all", "mine", "whoami");
        await AssertMayAsync(McpReceiver.User("bob", "staff"), "mine", "whoami");
        await AssertMayAsync(McpReceiver.User("mallory", "staff,admin", "Admin"), "mine", "whoami");
        await AssertMayAsync(user: null, "whoami");

        Task AssertMayAsync(ClaimsPrincipal? user, params string[] tools) => AmbientIdentity.RunAsync(user, async () =>
        {
            await using McpClient client = await services.ConnectAsync();
            IList<McpClientTool> listed = await client.ListToolsAsync();
            Assert.Equal(tools, listed.Select(tool => tool.Name).Order(StringComparer.Ordinal));

            foreach (string tool in new[] { "all", "mine", "whoami" })
            {
                if (tools.Contains(tool))
                {
                    string expected = user?.FindFirst("sub")?.Value ?? "anonymous";
                    Assert.Contains(expected, await client.CallTextAsync(tool), StringComparison.Ordinal);
                }
                else
                {
                    var refused = await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CallToolAsync(tool));
                    Assert.Contains("Access forbidden", refused.Message, StringComparison.Ordinal);
                }
            }
        });
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Endpoint_that_needs_a_user_refuses_an_anonymous_one(McpBackendKind kind)
    {
        await using AssertionHosts hosts = await McpAsserter.StartAsync(kind, needsUser: true);
        await using ServiceProvider services = McpAsserter.NewClients(hosts, kind);

        var refused = await Assert.ThrowsAnyAsync<HttpRequestException>(() => AmbientIdentity.RunAsync(null, services.ConnectAsync));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, true)]
    [InlineData(McpBackendKind.Sessions, true)]
    [InlineData(McpBackendKind.Sessions, false)]
    public async Task Pool_serves_several_users_each_as_themselves(McpBackendKind kind, bool bind)
    {
        await using AssertionHosts hosts = await McpAsserter.StartAsync(kind, needsUser: true, options => options.RequireBinding = bind);
        await using ServiceProvider services = McpAsserter.NewClients(hosts, kind, options => options.BindRequest = bind);

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            services.CallForAsync(McpReceiver.User($"user{number % 4}"), "mine")));

        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"mine of user{number % 4}"), answers);
    }

    private static async Task<HttpResponseMessage> CallAsync(
        AssertionHosts hosts, string sessionId, string? subject, string? plainSubject = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hosts.Backend, "/mcp"))
        {
            Content = new StringContent(
                """{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"whoami","arguments":{}}}""",
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("MCP-Protocol-Version", "2025-11-25");
        if (plainSubject is not null)
        {
            request.Headers.Add("X-User-Sub", plainSubject);
        }

        return await SendAsync(hosts, request, sessionId, subject);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        AssertionHosts hosts, HttpRequestMessage request, string sessionId, string? subject)
    {
        using var http = new HttpClient();
        request.Headers.Add("Mcp-Session-Id", sessionId);
        if (subject is not null)
        {
            var draft = new AssertionDraft(hosts);
            draft.Payload["sub"] = subject;
            request.WithHeader(AssertionHosts.Header, draft.Sign());
        }

        return await http.SendAsync(request);
    }
}
