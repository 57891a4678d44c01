using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>The MCP SDK's session binding and authorization, for users whom an assertion names: as with plain headers.</summary>
public sealed class AssertedSessionTests
{
    [Theory]
    [MemberData(nameof(SessionCallers.All), MemberType = typeof(SessionCallers))]
    public async Task Session_is_the_users_who_opened_it_of_that_issuer(string? subject, string? issuer, HttpStatusCode expected)
    {
        await using AssertionHosts hosts = await McpReceiver.StartSignedAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(hosts, McpBackendKind.Sessions);
        await using McpClient session =
            await AmbientIdentity.RunAsync(Users.With(("sub", "alice"), ("iss", SessionCallers.Issuer)), services.ConnectAsync);

        using HttpResponseMessage response = await CallAsync(hosts, session.SessionId!, subject, issuer: issuer);

        Assert.Equal(expected, response.StatusCode);
        string body = await response.Content.ReadAsStringAsync();
        Assert.Equal(expected == HttpStatusCode.OK, body.Contains("alice/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plain_headers_of_the_owner_do_not_open_a_session_of_assertions()
    {
        await using AssertionHosts hosts = await McpReceiver.StartSignedAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(hosts, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        using HttpResponseMessage alone = await CallAsync(hosts, session.SessionId!, subject: null, plainSubject: "alice");
        using HttpResponseMessage besideBob = await CallAsync(hosts, session.SessionId!, "bob", plainSubject: "alice");

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (alone.StatusCode, besideBob.StatusCode));
    }

    [Theory]
    [InlineData("bob", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.Forbidden)]
    [InlineData("alice", HttpStatusCode.OK)]
    public async Task Other_user_cannot_end_a_session(string? subject, HttpStatusCode expected)
    {
        await using AssertionHosts hosts = await McpReceiver.StartSignedAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(hosts, McpBackendKind.Sessions);
        await using McpClient session = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        using HttpResponseMessage response = await McpReceiver.EndAsync(
            hosts.Backend, session.SessionId!, request => Identify(request, hosts, subject));

        bool isExpected = expected == HttpStatusCode.OK ? response.IsSuccessStatusCode : response.StatusCode == expected;
        Assert.True(isExpected, $"{response.StatusCode}");
    }

    [Fact]
    public async Task Anonymous_session_is_refused_to_a_user()
    {
        await using AssertionHosts hosts = await McpReceiver.StartSignedAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpReceiver.NewClients(hosts, McpBackendKind.Sessions);
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
        await using AssertionHosts hosts = await McpReceiver.StartSignedAsync(kind, receive: options => options.RequireBinding = bind);
        await using ServiceProvider services = McpReceiver.NewClients(hosts, kind, options =>
        {
            options.ReplaceHeaders = replaceHeaders;
            options.BindRequest = bind;
        });

        await ToolAccess.AssertAsync(services);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Endpoint_that_needs_a_user_refuses_an_anonymous_one(McpBackendKind kind)
    {
        await using AssertionHosts hosts = await McpReceiver.StartSignedAsync(kind, needsUser: true);
        await using ServiceProvider services = McpReceiver.NewClients(hosts, kind);

        var refused = await Assert.ThrowsAnyAsync<HttpRequestException>(() => AmbientIdentity.RunAsync(null, services.ConnectAsync));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless, true)]
    [InlineData(McpBackendKind.Sessions, true)]
    [InlineData(McpBackendKind.Sessions, false)]
    public async Task Pool_serves_several_users_each_as_themselves(McpBackendKind kind, bool bind)
    {
        await using AssertionHosts hosts =
            await McpReceiver.StartSignedAsync(kind, needsUser: true, options => options.RequireBinding = bind);
        await using ServiceProvider services = McpReceiver.NewClients(hosts, kind, options => options.BindRequest = bind);

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            services.CallForAsync(McpReceiver.User($"user{number % 4}"), "mine")));

        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"mine of user{number % 4}"), answers);
    }

    private static Task<HttpResponseMessage> CallAsync(
        AssertionHosts hosts, string sessionId, string? subject, string? issuer = null, string? plainSubject = null) =>
        McpReceiver.CallAsync(hosts.Backend, sessionId, request =>
        {
            Identify(request, hosts, subject, issuer);
            if (plainSubject is not null)
            {
                request.Headers.Add("X-User-Sub", plainSubject);
            }
        });

    private static void Identify(HttpRequestMessage request, AssertionHosts hosts, string? subject, string? issuer = null)
    {
        if (subject is null)
        {
            return;
        }

        var draft = new AssertionDraft(hosts);
        draft.Payload["sub"] = subject;
        if (issuer is not null)
        {
            draft.Payload["issuer"] = issuer;
        }

        request.WithHeader(AssertionHosts.Header, draft.Sign());
    }
}
