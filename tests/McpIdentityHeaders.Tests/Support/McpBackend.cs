using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>A real MCP server of the C# SDK on a port of the system's choice, which keeps what every HTTP request carried.</summary>
internal sealed class McpBackend : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ExchangeLog _log;
    private readonly ConcurrentDictionary<string, string> _sessions;

    private McpBackend(WebApplication app, ExchangeLog log, ConcurrentDictionary<string, string> sessions, McpBackendKind kind)
    {
        _app = app;
        _log = log;
        _sessions = sessions;
        Kind = kind;
        Root = new Uri(app.Urls.Single());
        Endpoint = new Uri(Root, kind == McpBackendKind.LegacySse ? "/mcp/sse" : "/mcp");
    }

    public McpBackendKind Kind { get; }

    public Uri Root { get; }

    public Uri Endpoint { get; }

    /// <summary>Gets all requests so far, in the order in which they arrived.</summary>
    public IReadOnlyList<McpExchange> Exchanges => _log.All;

    /// <param name="kind">Which protocol it speaks.</param>
    /// <param name="before">Middleware in front of the MCP endpoint, for a server that redirects, sets cookies or fails.</param>
    /// <param name="at">Where another backend was that has been stopped; null for a port of the system's choice.</param>
    /// <param name="keepsExchanges">Whether it keeps what each request carried; a test of very many does without.</param>
    /// <param name="server">Adds to what the MCP server has, such as tools.</param>
    public static async Task<McpBackend> StartAsync(
        McpBackendKind kind, Func<HttpContext, RequestDelegate, Task>? before = null, Uri? at = null, bool keepsExchanges = true,
        Action<IMcpServerBuilder>? server = null)
    {
        var log = new ExchangeLog();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(at?.GetLeftPart(UriPartial.Authority) ?? "http://127.0.0.1:0");
        builder.Services.AddHttpContextAccessor();
        IMcpServerBuilder mcp =
            builder.Services.AddMcpServer().WithHttpTransport(options => Configure(options, kind)).WithTools<BackendTools>();
        server?.Invoke(mcp);

        WebApplication app = builder.Build();
        var sessions = new ConcurrentDictionary<string, string>();
        if (keepsExchanges)
        {
            app.Use(log.RecordAsync);
        }

        app.Use((context, next) => FollowSessionAsync(context, next, sessions));
        if (before is not null)
        {
            app.Use((context, next) => before(context, next));
        }

        app.MapMcp("/mcp");
        await app.StartAsync();
        return new McpBackend(app, log, sessions, kind);
    }

    /// <summary>Gets the ids of the sessions that the server has opened and that have not ended.</summary>
    public IReadOnlyCollection<string> LiveSessions => [.. _sessions.Keys];

    /// <summary>Ends a session on the server as its opener, without notifying its client.</summary>
    public async Task EndSessionAsync(string id)
    {
        using var client = new HttpClient();
        using var delete = new HttpRequestMessage(HttpMethod.Delete, Endpoint);
        delete.Headers.Add("Mcp-Session-Id", id);
        delete.Headers.Add("X-User-Sub", _sessions[id]);

        using HttpResponseMessage response = await client.SendAsync(delete);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Waits for a matching request, past or future.</summary>
    public Task<McpExchange> WaitForAsync(Func<McpExchange, bool> matches) => _log.WaitForAsync(matches);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();

        // Streams of sessions that a test left open would otherwise hold the shutdown up.
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static void Configure(HttpServerTransportOptions options, McpBackendKind kind)
    {
        options.SessionMode = kind is McpBackendKind.Stateless or McpBackendKind.OlderStateless
            ? HttpServerSessionMode.Stateless
            : HttpServerSessionMode.Stateful;
#pragma warning disable MCP9004 // Marked obsolete by the SDK, and still what many backends speak.
        options.EnableLegacySse = kind == McpBackendKind.LegacySse;
#pragma warning restore MCP9004
    }

    private static async Task FollowSessionAsync(HttpContext context, RequestDelegate next, ConcurrentDictionary<string, string> sessions)
    {
        const string SessionId = "Mcp-Session-Id";
        if (context.Request.Headers[SessionId].Count == 0)
        {
            context.Response.OnStarting(() =>
            {
                _ = context.Response.Headers[SessionId].ToString() is { Length: > 0 } opened
                    && sessions.TryAdd(opened, context.Request.Headers["X-User-Sub"].ToString());
                return Task.CompletedTask;
            });
        }

        await next(context);

        if (HttpMethods.IsDelete(context.Request.Method) && context.Response.StatusCode < 300)
        {
            sessions.TryRemove(context.Request.Headers[SessionId].ToString(), out _);
        }
    }

    private sealed class ExchangeLog
    {
        private readonly List<McpExchange> _all = [];
        private readonly List<Channel<McpExchange>> _listeners = [];

        public IReadOnlyList<McpExchange> All
        {
            get
            {
                lock (_all)
                {
                    return [.. _all];
                }
            }
        }

        public async Task RecordAsync(HttpContext context, RequestDelegate next)
        {
            var exchange = new McpExchange(
                context.Request.Method,
                context.Request.Path,
                await RpcMethodAsync(context.Request),
                context.Request.Headers.ToDictionary(
                    header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));

            lock (_all)
            {
                _all.Add(exchange);
                _listeners.ForEach(listener => listener.Writer.TryWrite(exchange));
            }

            await next(context);
        }

        public async Task<McpExchange> WaitForAsync(Func<McpExchange, bool> matches)
        {
            var channel = Channel.CreateUnbounded<McpExchange>();
            lock (_all)
            {
                if (_all.Find(exchange => matches(exchange)) is { } past)
                {
                    return past;
                }

                _listeners.Add(channel);
            }

            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await foreach (McpExchange exchange in channel.Reader.ReadAllAsync(timeout.Token))
            {
                if (matches(exchange))
                {
                    return exchange;
                }
            }

            throw new InvalidOperationException("The channel is never completed.");
        }

        private static async Task<string> RpcMethodAsync(HttpRequest request)
        {
            if (request.Method != HttpMethods.Post || request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) != true)
            {
                return string.Empty;
            }

            request.EnableBuffering();
            using JsonDocument message = await JsonDocument.ParseAsync(request.Body);
            request.Body.Position = 0;
            return message.RootElement.TryGetProperty("method", out JsonElement method) ? method.GetString()! : "response";
        }
    }
}
