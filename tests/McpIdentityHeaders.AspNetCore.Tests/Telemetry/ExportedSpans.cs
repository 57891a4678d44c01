using System.Collections.ObjectModel;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>What OpenTelemetry's in-memory exporter gets of one trace. Spans of tests that run at the same time are passed over.</summary>
internal sealed class ExportedSpans : Collection<Activity>, IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<(Func<Activity, bool> Matches, TaskCompletionSource<Activity> Found)> _waiting = [];
    private readonly TracerProvider _provider;

    public ExportedSpans(Action<TracerProviderBuilder>? configure = null)
    {
        Root = new Activity("test") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        TracerProviderBuilder builder = Sdk.CreateTracerProviderBuilder().AddInMemoryExporter(this);
        (configure ?? AddInstrumentation)(builder);
        _provider = builder.Build();
    }

    /// <summary>Gets the span that the test runs under.</summary>
    public Activity Root { get; }

    /// <summary>Gets all spans so far.</summary>
    public IReadOnlyList<Activity> All
    {
        get
        {
            lock (_gate)
            {
                return [.. Items];
            }
        }
    }

    /// <summary>Gets the spans of HTTP clients so far.</summary>
    public IReadOnlyList<Activity> Clients => [.. All.Where(span => span.Kind == ActivityKind.Client)];

    /// <summary>Waits for a server's span, past or future: it may end after its response has arrived.</summary>
    public Task<Activity> WaitForServerAsync(string path) =>
        WaitForAsync(span => span.Kind == ActivityKind.Server && (string?)span.GetTagItem("url.path") == path);

    public void Dispose()
    {
        _provider.Dispose();
        Root.Dispose();
    }

    protected override void InsertItem(int index, Activity item)
    {
        if (item.TraceId != Root.TraceId)
        {
            return;
        }

        lock (_gate)
        {
            Items.Add(item);
            foreach ((Func<Activity, bool> matches, TaskCompletionSource<Activity> found) in _waiting)
            {
                _ = matches(item) && found.TrySetResult(item);
            }
        }
    }

    private static void AddInstrumentation(TracerProviderBuilder builder) =>
        builder.AddHttpClientInstrumentation().AddAspNetCoreInstrumentation();

    private Task<Activity> WaitForAsync(Func<Activity, bool> matches)
    {
        var found = new TaskCompletionSource<Activity>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (Items.FirstOrDefault(matches) is { } past)
            {
                return Task.FromResult(past);
            }

            _waiting.Add((matches, found));
        }

        return found.Task.WaitAsync(AsyncGate.Patience);
    }
}
