using System.Net;
using System.Security.Claims;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>One MCP session and whose it is. Shared by the session's own flow and by the wrapper that its requests pass.</summary>
internal sealed class McpSession : SessionIdentity
{
    private volatile ClaimsPrincipal? _user;
    private volatile SessionOwner? _owner;
    private volatile bool _hasStream;
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isDoubtful;
    private volatile bool _hasEnded;

    /// <summary>A session that its caller owns.</summary>
    internal McpSession(ClaimsPrincipal? user) => _user = user;

    /// <summary>A session that the pool owns.</summary>
    internal McpSession(ClaimsPrincipal? user, SessionOwner owner, CloseDeadline closeBound, CancellationToken closing)
    {
        _user = user;
        _owner = owner;
        CloseDeadline = closeBound;
        Closing = closing;
    }

    /// <summary>
    /// Gets the session's user. A session outlives tokens, so a newer principal of the same user may take the place of the first;
    /// the legs that run for hours carry what stands here at each moment. Null: the session was opened where the user was not known.
    /// </summary>
    internal override ClaimsPrincipal? User => _user;

    /// <summary>Gets who alone may use the session. Null: its user is a matter of its caller's, or it serves everybody.</summary>
    internal SessionOwner? Owner => _owner;

    /// <summary>Gets the connected client. Set once, before anyone but the connecting flow sees the session.</summary>
    internal McpClient Client
    {
        get;
        set
        {
            field = value;

            // Told at once, and kept here: each rent looks at it.
            value.Completion.ContinueWith(
                static (_, session) => ((McpSession)session!)._hasEnded = true,
                this,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    } = null!;

    /// <summary>Gets or sets where the backend is. The SDK's OAuth support asks others, through the same HttpClient.</summary>
    internal Uri? Endpoint { get; set; }

    /// <summary>Gets whether the session keeps nothing that is one user's, on either side. Set with the client.</summary>
    internal bool IsStateless { get; set; }

    /// <summary>Gets or sets whether it has opened a stream, as legacy SSE does whatever protocol it speaks.</summary>
    internal bool HasStream
    {
        get => _hasStream;
        set => _hasStream = value;
    }

    /// <summary>Gets how long the DELETE may take, where the pool owns the session. Its caller waits for as long as it likes.</summary>
    internal CloseDeadline? CloseDeadline { get; }

    /// <summary>Gets what ends when the client knows the session's id, and can close it: while it connects, or never where there is none.</summary>
    internal Task Known => _known.Task;

    /// <summary>Gets what is cancelled when the pool closes the session.</summary>
    internal CancellationToken Closing { get; }

    /// <summary>
    /// Gets or sets whether the backend has answered a call as many do that know nothing of the session any more, though it may have meant the
    /// call alone.
    /// </summary>
    internal bool IsDoubtful
    {
        get => _isDoubtful;
        set => _isDoubtful = value;
    }

    /// <summary>Gets whether it is not to be called on any more.</summary>
    internal bool HasEnded => _hasEnded;

    internal override bool HasOwner => _owner is not null;

    internal override void ThrowIfNotOwner(ClaimsPrincipal? user) => _owner?.Check(user);

    internal void SetUser(ClaimsPrincipal? user) => _user = user;

    internal void SetKnown() => _known.TrySetResult();

    /// <summary>Looks whether an answer says that the session has ended. The SDK tells somewhat later, if at all.</summary>
    /// <param name="status">The answer's status.</param>
    /// <param name="isCall">Whether it is a call's, and not the stream's.</param>
    internal void Answered(HttpStatusCode status, bool isCall)
    {
        switch (status)
        {
            // Of a session id, 404 says so for certain (MCP 2025-11-25, transports, session management).
            case HttpStatusCode.NotFound when Client.SessionId is not null:
                _hasEnded = true;
                break;

            // Without one, both are errors of the call as well (MCP 2026-07-28 answers 404 to a method that is not known).
            case HttpStatusCode.NotFound or HttpStatusCode.BadRequest when isCall:
                _isDoubtful = true;
                break;
        }
    }

    /// <summary>Makes it everybody's: it has no user, and the live identity decides.</summary>
    internal void Share()
    {
        _user = null;
        _owner = null;
    }

    /// <summary>Asks the backend whether it knows the session, in the session's own flow; where it is everybody's, as who asks.</summary>
    internal async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        if (Owner is not null)
        {
            IdentityScope.EnterSession(this);
        }

        _isDoubtful = false;
        try
        {
            // Each revision has one request that a server has to answer: ping up to 2025-11-25, server/discover since.
            string method = StatelessSession.IsOfStatelessProtocol(Client) ? RequestMethods.ServerDiscover : RequestMethods.Ping;
            await Client.SendRequestAsync(new JsonRpcRequest { Method = method, Params = new JsonObject() }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception answered) when (answered is McpProtocolException or HttpRequestException { StatusCode: not null })
        {
            // An answer, if an error. Whether it was one of those that say more has been seen as it came.
        }
        catch (Exception)
        {
            return false;
        }

        return !_isDoubtful && !_hasEnded;
    }

    /// <summary>Closes the session in its own flow, so that whatever is sent for it is sent as its user's.</summary>
    internal async Task CloseAsync()
    {
        IdentityScope.EnterSession(this);
        await Client.DisposeAsync().ConfigureAwait(false);
    }
}
