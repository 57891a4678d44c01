using System.Security.Claims;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One MCP session and whose it is. Shared by the session's own flow and by the wrapper that its requests pass.</summary>
internal sealed class McpSession
{
    private volatile ClaimsPrincipal? _user;
    private volatile SessionOwner? _owner;
    private volatile bool _hasStream;
    private volatile bool _isDoubtful;

    internal McpSession(ClaimsPrincipal? user, SessionOwner? owner = null)
    {
        _user = user;
        _owner = owner;
    }

    /// <summary>
    /// Gets or sets the session's user. A session outlives tokens, so a newer principal of the same user may take the place of the first;
    /// the legs that run for hours carry what stands here at each moment. Null: the session was opened where the user was not known.
    /// </summary>
    internal ClaimsPrincipal? User
    {
        get => _user;
        set => _user = value;
    }

    /// <summary>Gets who alone may use the session. Null: its user is a matter of its caller's, or it serves everybody.</summary>
    internal SessionOwner? Owner => _owner;

    /// <summary>Gets the connected client. Set once, before anyone but the connecting flow sees the session.</summary>
    internal McpClient Client { get; set; } = null!;

    /// <summary>Gets whether the session keeps nothing that is one user's, on either side. Set with the client.</summary>
    internal bool IsStateless { get; set; }

    /// <summary>Gets or sets whether it has opened a stream, as legacy SSE does whatever protocol it speaks.</summary>
    internal bool HasStream
    {
        get => _hasStream;
        set => _hasStream = value;
    }

    /// <summary>
    /// Gets or sets whether the backend has answered as one does that has come to speak otherwise. Without a session id nothing else tells
    /// that it is not the backend any more that the client connected with.
    /// </summary>
    internal bool IsDoubtful
    {
        set => _isDoubtful = value;
    }

    /// <summary>Gets whether nothing can be called on it any more.</summary>
    internal bool HasEnded => _isDoubtful || Client.Completion.IsCompleted;

    /// <summary>Gets what ends the DELETE that closes the session. The SDK's own call of it has no bound.</summary>
    internal CancellationToken CloseBound { get; private set; }

    /// <summary>Makes it everybody's: it has no user, and the live identity decides.</summary>
    internal void Share()
    {
        _user = null;
        _owner = null;
    }

    /// <summary>Closes the session in its own flow, so that whatever is sent for it is sent as its user's.</summary>
    /// <param name="bound">Gives up what is still being sent.</param>
    internal async Task CloseAsync(CancellationToken bound)
    {
        CloseBound = bound;
        IdentityScope.EnterSession(this);
        await Client.DisposeAsync().ConfigureAwait(false);
    }
}
