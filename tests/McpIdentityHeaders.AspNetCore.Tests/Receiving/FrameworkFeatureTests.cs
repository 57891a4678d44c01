using System.Net;
using System.Net.WebSockets;
using System.Text;
using McpIdentityHeaders.AspNetCore.Tests.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>What the framework does with a request's headers beside authentication, for a user and for a forged one.</summary>
public sealed class FrameworkFeatureTests
{
    private const string Secret = "0123456789abcdef";

    [Theory]
    [InlineData("X-User-Sub")]
    [InlineData("X_User_Sub")]
    [InlineData("X-User-Sub\u0001")]
    public async Task Endpoint_that_a_forged_header_chooses_is_not_reached(string name)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(Trust),
            services: services => HeaderSelectorPolicy.AddTo(services, name),
            before: app => app.UseRouting(),
            map: app => HeaderSelectorPolicy.Map(app, "/version", "mallory"));

        RawResponse forged = await host.GetAsync("/version", $"{name}: mallory");
        RawResponse other = await host.GetAsync("/version");

        Assert.Equal(401, forged.Status);
        Assert.Equal("default", Encoding.UTF8.GetString(other.Body));
        Assert.Equal(["/version"], host.Reached);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Parameter_bound_to_an_identity_header_has_what_is_left_of_it(bool removes)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                Trust(options);
                options.RemoveIdentityHeaders = removes;
            }),
            map: app => app.MapGet("/bound", (
                ClaimsPrincipal user,
                [FromHeader(Name = "X-User-Sub")] string? subject,
                [FromHeader(Name = "X-Gateway-Secret")] string? secret) => Results.Text($"{UserNames.Of(user)}|{subject}|{secret}")));

        RawResponse response = await host.GetAsync("/bound", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}");

        Assert.Equal(removes ? "alice||" : "alice|alice|", Encoding.UTF8.GetString(response.Body));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Web_socket_is_the_users_and_none_is_opened_for_a_forged_one(bool http2)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(Trust),
            map: app =>
            {
                app.UseWebSockets();
                app.Map("/socket", async (HttpContext context) =>
                {
                    using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                    byte[] user = Encoding.UTF8.GetBytes(UserNames.Of(context.User));
                    await socket.SendAsync(user, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                }).AllowAnonymous();
            });

        Assert.Equal("alice", await ReadSocketAsync(host, http2, ("X-User-Sub", "alice"), ("X-Gateway-Secret", Secret)));
        Assert.Equal("anonymous", await ReadSocketAsync(host, http2));
        var forged = await Assert.ThrowsAsync<WebSocketException>(() => ReadSocketAsync(host, http2, ("X-User-Sub", "alice")));
        Assert.Contains("401", forged.Message, StringComparison.Ordinal);
        var malformed = await Assert.ThrowsAsync<WebSocketException>(
            () => ReadSocketAsync(host, http2, ("X_User_Sub", "alice"), ("X-Gateway-Secret", Secret)));
        Assert.Contains("400", malformed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task Hub_knows_the_user_that_the_headers_name(HttpTransportType transport)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(Trust),
            services: services => services.AddSignalR(),
            map: app => app.MapHub<UserHub>("/hub"));

        foreach (string user in new[] { "alice", "bob" })
        {
            await using HubConnection connection = await ConnectAsync(host, transport, ("X-User-Sub", user), ("X-Gateway-Secret", Secret));
            Assert.Equal($"{user} ", await connection.InvokeAsync<string>(nameof(UserHub.Describe)));
        }

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(host, transport, ("X-User-Sub", "alice")));
    }

    [Fact]
    public async Task Request_that_middleware_in_front_replaced_is_judged_as_it_is_then()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                Trust(options);
                options.RemoveIdentityHeaders = true;
            }),
            before: app => app.Use(ReplaceRequestAsync),
            map: app => app.MapGet("/headers", (HttpContext context) => Results.Text(
                $"{UserNames.Of(context.User)} {string.Join(' ', context.Request.Headers.Keys.Where(name => name[0] is 'X' or 'x'))}")));

        RawResponse user = await host.GetAsync("/headers", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}", "X-Kept: 1");
        RawResponse added = await host.GetAsync("/headers", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}", "X-Add: X_User_Sub");
        RawResponse forged = await host.GetAsync("/headers", "X-Add: X-User-Sub");

        Assert.Equal("alice X-Kept", Encoding.UTF8.GetString(user.Body));
        Assert.Equal((400, 401), (added.Status, forged.Status));
    }

    [Fact]
    public async Task Page_for_errors_is_not_run_for_a_refused_request()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(Trust),
            before: app => app.UseStatusCodePagesWithReExecute("/open"));

        RawResponse forged = await host.GetAsync("/closed", "X-User-Sub: alice");
        RawResponse malformed = await host.GetAsync("/closed", "X-User-Sub: alice", "X_User_Sub: bob", $"X-Gateway-Secret: {Secret}");

        Assert.Equal((401, 400), (forged.Status, malformed.Status));
        Assert.Empty(host.Reached);
    }

    [Theory]
    [InlineData("/open", "accepted", "X-User-Sub: alice-sub", "X-Gateway-Secret: 0123456789abcdef")]
    [InlineData("/closed", "untrusted_peer", "X-User-Sub: alice-sub", "X-Gateway-Secret: guessed-secret")]
    [InlineData("/admin", "malformed", "X-User-Sub: alice-sub", "X_User_Sub: alice-sub", "X-Gateway-Secret: 0123456789abcdef")]
    public async Task Activity_of_a_request_shows_neither_user_nor_secret(string path, string outcome, params string[] lines)
    {
        using var spans = new ExportedSpans();
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(Trust));

        await host.GetAsync(path, [.. lines, $"traceparent: {spans.Root.Id}"]);

        System.Diagnostics.Activity span = await spans.WaitForServerAsync(path);
        string shown = string.Join(
            '\n',
            [
                span.DisplayName,
                span.StatusDescription,
                .. span.TagObjects.Concat(span.Events.SelectMany(recorded => recorded.Tags)).Select(tag => $"{tag.Key}={tag.Value}"),
                .. span.Baggage.Select(item => $"{item.Key}={item.Value}"),
            ]);
        Assert.Equal([outcome], host.Outcomes);
        Assert.Contains("http.request.method=GET", shown, StringComparison.Ordinal);
        Assert.All(["alice-sub", Secret, "guessed-secret"], value => Assert.DoesNotContain(value, shown, StringComparison.Ordinal));
    }

    private static void Trust(IdentityHeadersOptions options) => options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", Secret));

    private static async Task<string> ReadSocketAsync(ReceivingHost host, bool http2, params (string Name, string Value)[] headers)
    {
        Uri server = http2 ? host.Http2Uri : host.Uri;
        using var socket = new ClientWebSocket();
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        socket.Options.HttpVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        foreach ((string name, string value) in headers)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        await socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws", Path = "/socket" }.Uri, invoker, CancellationToken.None);
        byte[] buffer = new byte[100];
        WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, CancellationToken.None);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private static async Task<HubConnection> ConnectAsync(
        ReceivingHost host, HttpTransportType transport, params (string Name, string Value)[] headers)
    {
        HubConnection connection = new HubConnectionBuilder()
            .WithUrl(new Uri(host.Uri, "/hub"), transport, options =>
            {
                foreach ((string name, string value) in headers)
                {
                    options.Headers.Add(name, value);
                }
            })
            .Build();
        await connection.StartAsync();
        return connection;
    }

    /// <summary>Puts a request of its own in place, with the same headers and one more where the request asks for it.</summary>
    private static Task ReplaceRequestAsync(HttpContext context, RequestDelegate next)
    {
        var original = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        var headers = new HeaderDictionary(original.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase));
        if (headers["X-Add"].ToString() is { Length: > 0 } name)
        {
            headers[name] = "mallory";
        }

        context.Features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = original.Method,
            Scheme = original.Scheme,
            Path = original.Path,
            Protocol = original.Protocol,
            Headers = headers,
        });
        return next(context);
    }

    private sealed class UserHub : Hub
    {
        public string Describe() =>
            $"{UserNames.Of(Context.User!)} {Context.GetHttpContext()!.Request.Headers["X-Gateway-Secret"]}";
    }
}
