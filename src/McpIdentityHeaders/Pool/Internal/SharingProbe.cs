using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Whether one client may turn out to serve all users. One user's session finds out, and others wait for it. The lock of the
/// <see cref="SessionPool"/> guards it.
/// </summary>
internal sealed class SharingProbe(TimeProvider time)
{
    // How long one user's connect may keep others waiting for what it finds out.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private PooledSession? _session;
    private TaskCompletionSource _ended = new();
    private Task _endedOrSlow = Task.CompletedTask;

    /// <summary>Gets or sets whether the backend is known to keep users apart. Then no user waits for another.</summary>
    internal bool IsRuledOut { get; set; }

    internal bool IsNeeded(HttpClientTransportOptions transport, McpClientOptions client, McpClientPoolOptions options) =>
        !IsRuledOut && options.AllowsSharing && StatelessSession.IsPossible(transport, client);

    /// <summary>Gets a task that completes when the probe under way ends or is slow; null where there is nothing to wait for.</summary>
    /// <remarks>Others wait once only: the backend may refuse or stall that user alone.</remarks>
    internal Task? Current => _session is not null && !_endedOrSlow.IsCompleted ? _endedOrSlow : null;

    /// <summary>Has a session probe, unless another does.</summary>
    internal void Begin(PooledSession session)
    {
        if (_session is null)
        {
            _session = session;
            _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _endedOrSlow = Task.WhenAny(_ended.Task, Task.Delay(MaxWait, time));
        }
    }

    /// <summary>Releases those who wait for a session that will not find out any more.</summary>
    internal void EndFor(PooledSession session)
    {
        if (_session == session)
        {
            End();
        }
    }

    /// <summary>Releases those who wait, whatever was found out.</summary>
    internal void End()
    {
        _session = null;
        _ended.TrySetResult();
    }
}
