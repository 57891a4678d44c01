using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>What is not identity goes through the sample proxy as it is, and when it is sent.</summary>
public sealed class ProxyPassThroughTests : IAsyncLifetime, IDisposable
{
    private readonly WorkLog _log = new();
    private readonly SemaphoreSlim _read = new(0);
    private RunningApp _sessions = null!;
    private RunningApp _stateless = null!;
    private RunningApp _plain = null!;
    private ProxyDeployment _deployment = null!;

    public async Task InitializeAsync()
    {
        _sessions = await WorkBackend.StartAsync(_log, HttpServerSessionMode.Stateful);
        _stateless = await WorkBackend.StartAsync(_log, HttpServerSessionMode.Stateless);
        _plain = await PlainBackend.StartAsync(app => app.MapMethods("/mcp", ["GET", "POST", "DELETE"], AnswerAsync));
        _deployment = await ProxyDeployment.StartAsync(
            ("sessions", _sessions.Endpoint), ("stateless", _stateless.Endpoint), ("plain", _plain.Endpoint));
    }

    public async Task DisposeAsync()
    {
        await _deployment.DisposeAsync();
        await _sessions.DisposeAsync();
        await _stateless.DisposeAsync();
        await _plain.DisposeAsync();
    }

    public void Dispose()
    {
        _read.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory, InlineData("sessions", "2025-11-25"), InlineData("stateless", "2025-11-25"), InlineData("stateless", "2026-07-28")]
    public async Task Progress_of_a_call_arrives_before_its_result(string backend, string protocol)
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice, backend, protocol);
        var reports = Channel.CreateUnbounded<ProgressNotificationValue>();

        Task<CallToolResult> call = alice.CallToolAsync("count", progress: reports.Writer.ToProgress()).AsTask();

        foreach (string step in new[] { "step 1 (1/3)", "step 2 (2/3)", "step 3 (3/3)" })
        {
            ProgressNotificationValue report = Assert.Single(await reports.Reader.TakeAsync(1));
            Assert.Equal(step, $"{report.Message} ({report.Progress}/{report.Total})");
            _log.Heard.Release();
        }

        Assert.Equal("counted", (await call).Text());
    }

    [Theory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Call_that_is_cancelled_is_cancelled_at_the_backend(string protocol)
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice, "stateless", protocol);
        using var cancel = new CancellationTokenSource();
        Task<CallToolResult> call = alice.CallToolAsync("wait", cancellationToken: cancel.Token).AsTask();
        await _log.Started;

        await cancel.CancelAsync();

        await _log.Cancelled;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Session_id_is_the_backends_own()
    {
        McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice, "sessions", "2025-11-25");
        string session = Assert.IsType<string>(alice.SessionId);
        await alice.ListToolsAsync();
        await alice.DisposeAsync();

        Assert.Equal(
            [session],
            _sessions.Exchanges.Select(exchange => exchange.Headers.GetValueOrDefault("Mcp-Session-Id")).OfType<string>().Distinct());
        Assert.Contains(_sessions.Exchanges, exchange => exchange.Http == "DELETE");
        Assert.All(_sessions.Exchanges, exchange => Assert.Equal("alice", exchange.Subject));
    }

    [Fact]
    public async Task Stream_arrives_event_by_event()
    {
        using HttpClient client = await CreateClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, _deployment.GetEndpoint("plain"));
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());

        // The backend writes one only after the one before has been read.
        for (int number = 1; number <= 3; number++)
        {
            Assert.Equal($"data: {number}", await events.ReadLineAsync());
            Assert.Equal("", await events.ReadLineAsync());
            _read.Release();
        }

        Assert.Null(await events.ReadLineAsync());
    }

    [Fact]
    public async Task Message_arrives_byte_by_byte_in_both_directions()
    {
        // What a JSON library would write otherwise: white space, escapes, doubled and unknown members, numbers.
        const string Message = " { \"jsonrpc\" : \"2.0\",\r\n\"id\":1.0e0, \"x\":\"\\u00e9é\", \"x\":null,\"method\":\"any/thing\"} ";
        using HttpClient client = await CreateClientAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Message));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=UTF-8");

        using HttpResponseMessage response = await client.PostAsync(_deployment.GetEndpoint("plain") + "?a=%2F&b", content);

        Assert.Equal(Message, await response.Content.ReadAsStringAsync());
        Assert.Equal(["application/json; charset=UTF-8"], response.Content.Headers.NonValidated["Content-Type"]);
        Assert.Equal(["?a=%2F&b"], response.Headers.GetValues("X-Query"));
    }

    [Fact]
    public async Task Redirect_and_cookies_are_passed_on_and_not_followed()
    {
        using HttpClient client = await CreateClientAsync();
        client.DefaultRequestHeaders.Add("Cookie", "session=1");

        using HttpResponseMessage response = await client.DeleteAsync(_deployment.GetEndpoint("plain"));

        Assert.Equal((HttpStatusCode.TemporaryRedirect, "/elsewhere"), (response.StatusCode, response.Headers.Location!.OriginalString));
        Assert.Equal(["session=2"], response.Headers.GetValues("Set-Cookie"));
        McpExchange exchange = Assert.Single(_plain.Exchanges);
        Assert.Equal(("session=1", "alice"), (exchange.Headers["Cookie"], exchange.Subject));
        Assert.False(exchange.Headers.ContainsKey(Deployment.SecretHeader));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        switch (context.Request.Method)
        {
            case "GET":
                context.Response.ContentType = "text/event-stream";
                for (int number = 1; number <= 3; number++)
                {
                    await context.Response.WriteAsync($"data: {number}\n\n", context.RequestAborted);
                    await _read.WaitAsync(context.RequestAborted);
                }

                break;
            case "POST":
                context.Response.ContentType = context.Request.ContentType;
                context.Response.Headers["X-Query"] = context.Request.QueryString.Value;
                await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
                context.Response.Headers.Location = "/elsewhere";
                context.Response.Headers.SetCookie = "session=2";
                break;
        }
    }

    private async Task<HttpClient> CreateClientAsync() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            DefaultRequestHeaders =
            {
                Authorization = new AuthenticationHeaderValue("Bearer", await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice)),
            },
        };
}
