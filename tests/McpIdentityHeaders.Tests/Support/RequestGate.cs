using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>Middleware of a backend that holds requests until they are let go, or their client gives them up.</summary>
internal sealed class RequestGate
{
    /// <summary>How long a test waits for what must happen, before it fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Func<HttpContext, bool> _matches;
    private readonly int _expected;
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <param name="matches">Which requests are held.</param>
    /// <param name="expected">How many have to be held at one time for them to have arrived.</param>
    public RequestGate(Func<HttpContext, bool> matches, int expected = 1)
    {
        _matches = matches;
        _expected = expected;
    }

    /// <summary>Gets what ends when as many as expected are held.</summary>
    public Task Arrived => _arrived.Task.WaitAsync(Patience);

    /// <summary>Gets what ends when a client has given up one that is held.</summary>
    public Task Aborted => _aborted.Task.WaitAsync(Patience);

    public static bool IsDelete(HttpContext context) => HttpMethods.IsDelete(context.Request.Method);

    /// <summary>Whether it opens a session of a backend that has sessions.</summary>
    public static bool IsInitialize(HttpContext context) =>
        HttpMethods.IsPost(context.Request.Method) && !context.Request.Headers.ContainsKey("Mcp-Session-Id");

    /// <summary>Whether it is a POST of a session that the backend has opened, such as the first: notifications/initialized.</summary>
    public static bool IsInSession(HttpContext context) =>
        HttpMethods.IsPost(context.Request.Method) && context.Request.Headers.ContainsKey("Mcp-Session-Id");

    public static bool IsOf(HttpContext context, string subject) => context.Request.Headers["X-User-Sub"] == subject;

    /// <summary>Lets go those that are held, and holds none any more.</summary>
    public void Release() => _released.TrySetResult();

    public async Task HoldAsync(HttpContext context, RequestDelegate next)
    {
        if (_matches(context))
        {
            var gone = new TaskCompletionSource();
            await using CancellationTokenRegistration registration = context.RequestAborted.Register(() =>
            {
                _aborted.TrySetResult();
                gone.TrySetResult();
            });
            if (Interlocked.Increment(ref _count) == _expected)
            {
                _arrived.TrySetResult();
            }

            if (await Task.WhenAny(_released.Task, gone.Task) == gone.Task)
            {
                return;
            }
        }

        await next(context);
    }
}
