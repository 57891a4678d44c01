using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A program that a test has started in process, and what each HTTP request carried, before any of its middleware ran.</summary>
internal sealed class RunningApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<McpExchange> _exchanges = new();
    private readonly IDisposable _subscription;

    private RunningApp(WebApplication app)
    {
        _app = app;
        _subscription = app.Services.GetRequiredService<DiagnosticListener>().Subscribe(new Observer(this));
    }

    public Uri Uri => new(_app.Urls.Single());

    public Uri Endpoint => new(Uri, "/mcp");

    public IServiceProvider Services => _app.Services;

    /// <summary>Gets or sets a token for the requests that come without one, of programs that cannot sign in.</summary>
    public string? DefaultToken { get; set; }

    /// <summary>Gets all requests so far, in the order in which they arrived.</summary>
    public IReadOnlyCollection<McpExchange> Exchanges => _exchanges;

    public static async Task<RunningApp> StartAsync(WebApplication app)
    {
        var running = new RunningApp(app);
        await app.StartAsync();
        return running;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();

        // Streams of sessions that a test left open would otherwise hold the shutdown up.
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _subscription.Dispose();
    }

    private void Keep(HttpContext context)
    {
        if (DefaultToken is not null && context.Request.Headers.Authorization.Count == 0)
        {
            context.Request.Headers.Authorization = $"Bearer {DefaultToken}";
        }

        var headers = context.Request.Headers
            .ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        _exchanges.Enqueue(new McpExchange(
            context.Request.Method, context.Request.Path, headers.GetValueOrDefault("Mcp-Method", string.Empty), headers));
    }

    private sealed class Observer(RunningApp app) : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Key == "Microsoft.AspNetCore.Hosting.HttpRequestIn.Start")
            {
                app.Keep((HttpContext)value.Value!);
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
