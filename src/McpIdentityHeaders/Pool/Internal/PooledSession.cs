using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>A session that the pool holds. All that changes is guarded by the lock of its <see cref="SessionTable"/>.</summary>
internal sealed class PooledSession : IDisposable
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private double? _issuedAt;

    internal PooledSession(SessionUser user, HttpClientTransportOptions transport, SessionOwner owner, CloseDeadline closeBound)
    {
        Key = user.Key;
        IsVisitors = user.Key is null;
        _issuedAt = user.IssuedAt;
        Transport = transport;
        Session = new McpSession(user.Principal, owner, closeBound, _closing.Token);
    }

    internal McpSession Session { get; }

    /// <summary>Gets the registered transport options that it is opened with.</summary>
    internal HttpClientTransportOptions Transport { get; }

    /// <summary>Gets or sets whose it is; null where it is a visitor's, or everybody's.</summary>
    internal UserKey? Key { get; set; }

    /// <summary>Gets or sets whether it is the lease's own.</summary>
    internal bool IsVisitors { get; set; }

    internal PooledSessionState State { get; set; }

    /// <summary>Gets or sets what it waits for before it is opened.</summary>
    internal Task? WaitsFor { get; set; }

    /// <summary>Gets or sets whether it counts among those that there may be.</summary>
    internal bool IsCounted { get; set; }

    /// <summary>Gets or sets whether it is connected, so that there is something to close.</summary>
    internal bool IsConnected { get; set; }

    /// <summary>Gets or sets why it is not given to anyone any more.</summary>
    internal string? RetiredFor { get; set; }

    /// <summary>Gets or sets how many have it, those who wait for it to open among them.</summary>
    internal int Holds { get; set; }

    /// <summary>Gets or sets where it stands among those that are idle; it stays there while it is rented.</summary>
    internal IdleEntry? IdleEntry { get; set; }

    /// <summary>Gets or sets as which, counting all that were, it was last given back.</summary>
    internal long IdleTurn { get; set; }

    /// <summary>Gets or sets when it was last given back, as the clock's timestamp.</summary>
    internal long IdleSince { get; set; }

    /// <summary>Gets what ends when it is open, or fails as opening it does; where it is retired meanwhile, it just ends.</summary>
    internal Task Opened => _opened.Task;

    /// <summary>Gets what ends when nothing is left of it.</summary>
    internal Task Gone => _gone.Task;

    public void Dispose() => _closing.Dispose();

    /// <summary>
    /// Has the newest principal stand for the user from now on. One of an older token does not take its place, nor does another of the same,
    /// which would be no newer, and would have each rent keep other objects alive.
    /// </summary>
    internal void Renew(SessionUser user)
    {
        if (Key is not null && !(user.IssuedAt <= _issuedAt))
        {
            Session.User = user.Principal;
            _issuedAt = user.IssuedAt;
        }
    }

    internal void SetOpened() => _opened.TrySetResult();

    internal void SetFailed(Exception exception)
    {
        _opened.TrySetException(exception);

        // Observed, since everyone who waited may have gone.
        _ = _opened.Task.Exception;
    }

    internal void SetGone() => _gone.TrySetResult();

    /// <summary>Gives up the calls that are being made on it.</summary>
    internal Task CancelCallsAsync() => _closing.CancelAsync();
}
