using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>A session that the pool holds. All that changes is guarded by the lock of its <see cref="SessionTable"/>.</summary>
internal sealed class PooledSession : IDisposable
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _opening = new();
    private double? _issuedAt;

    internal PooledSession(UserKey? key, HttpClientTransportOptions transport, McpSession session)
    {
        Key = key;
        Transport = transport;
        Session = session;
        IdleNode = new LinkedListNode<PooledSession>(this);
    }

    internal McpSession Session { get; }

    /// <summary>Gets the registered transport options that it is opened with.</summary>
    internal HttpClientTransportOptions Transport { get; }

    /// <summary>Gets or sets whose it is; null where it is a visitor's, or everybody's.</summary>
    internal UserKey? Key { get; set; }

    internal PooledSessionState State { get; set; }

    /// <summary>Gets or sets whether it is connected, so that there is something to close.</summary>
    internal bool IsConnected { get; set; }

    /// <summary>Gets or sets why it is not given to anyone any more.</summary>
    internal string? RetiredFor { get; set; }

    /// <summary>Gets or sets how many have it, those who wait for it to open among them.</summary>
    internal int Holds { get; set; }

    internal LinkedListNode<PooledSession> IdleNode { get; }

    /// <summary>Gets or sets when it was last given back, as the clock's timestamp.</summary>
    internal long IdleSince { get; set; }

    /// <summary>Gets what ends when it is open, or fails as opening it does; where it was retired meanwhile, it just ends.</summary>
    internal Task Opened => _opened.Task;

    /// <summary>Gets what ends when nothing is left of it.</summary>
    internal Task Gone => _gone.Task;

    /// <summary>Gets what gives up opening it.</summary>
    internal CancellationToken OpeningToken => _opening.Token;

    public void Dispose() => _opening.Dispose();

    /// <summary>Has the newest principal stand for the user from now on. An older token does not take its place.</summary>
    internal void Renew(PoolUser user)
    {
        if (Key is not null && !(user.IssuedAt < _issuedAt))
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

    // Not Cancel, which would run what others registered within the lock.
    internal void GiveUpOpening() => _ = _opening.CancelAsync();
}
