using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>A session that the pool holds. The lock of its <see cref="SessionPool"/> guards all that changes.</summary>
internal sealed class PooledSession : IDisposable
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private long? _issuedAt;

    internal PooledSession(SessionUser user, HttpClientTransportOptions transport, SessionOwner owner, CloseDeadline closeDeadline)
    {
        Key = user.Key;
        IsAnonymous = user.Key is null;
        _issuedAt = user.IssuedAt;
        Transport = transport;
        Session = new McpSession(user.Principal, owner, closeDeadline, _closing.Token);
        IdleNode = new LinkedListNode<PooledSession>(this);
    }

    internal McpSession Session { get; }

    /// <summary>Gets the registered transport options that it is opened with.</summary>
    internal HttpClientTransportOptions Transport { get; }

    /// <summary>Gets the key of its user; null where the session is anonymous or shared.</summary>
    internal UserKey? Key { get; private set; }

    /// <summary>Gets whether it belongs to one lease: its user is anonymous or unknown.</summary>
    internal bool IsAnonymous { get; private set; }

    /// <summary>Gets or sets whether it is connected, so that there is something to close.</summary>
    internal bool IsConnected { get; set; }

    /// <summary>Gets or sets why no further rent gets it; null while rents may.</summary>
    internal string? RetiredFor { get; set; }

    /// <summary>Gets or sets whether it is being closed, or gone.</summary>
    internal bool IsClosing { get; set; }

    /// <summary>Gets or sets whether it counts toward <see cref="McpClientPoolOptions.MaxSessions"/>.</summary>
    internal bool HasSlot { get; set; }

    /// <summary>Gets or sets how many lease it, those who wait for it to open included.</summary>
    internal int LeaseCount { get; set; }

    /// <summary>Gets its node in the list of idle sessions. Kept: returning a session must not allocate.</summary>
    internal LinkedListNode<PooledSession> IdleNode { get; }

    /// <summary>Gets or sets the clock's timestamp of the last return.</summary>
    internal long IdleSince { get; set; }

    internal bool IsOpen => IsConnected && RetiredFor is null;

    /// <summary>Gets whether the user can use it at once: it is open, and not suspect for that user.</summary>
    internal bool IsReadyFor(UserKey? user) => IsOpen && !Session.IsSuspectFor(user);

    /// <summary>Gets a task that completes when it is open or retired, and fails where opening fails.</summary>
    internal Task Opened => _opened.Task;

    /// <summary>Gets a task that completes when nothing is left of it.</summary>
    internal Task Gone => _gone.Task;

    public void Dispose()
    {
        _closing.Dispose();
        _gone.TrySetResult();
    }

    /// <summary>Replaces the user by a newer principal, or by one of equal age: a sign-in may refresh claims alone.</summary>
    internal void UpdatePrincipal(SessionUser user)
    {
        if (Key is not null && !(user.IssuedAt < _issuedAt))
        {
            Session.SetUser(user.Principal);
            _issuedAt = user.IssuedAt;
        }
    }

    /// <summary>Has it serve all users: it has no user of its own any more.</summary>
    internal void Share()
    {
        Key = null;
        IsAnonymous = false;
        Session.Share();
    }

    internal void SetOpened() => _opened.TrySetResult();

    internal void SetFailed(Exception exception)
    {
        _opened.TrySetException(exception);

        // Observed here: all waiters may have left.
        _ = _opened.Task.Exception;
    }

    internal Task CancelCallsAsync() => _closing.CancelAsync();
}
