using System.Collections.Immutable;
using System.Net;
using System.Security.Claims;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>One MCP session and its user, shared by the session's own flow and the handler of its requests.</summary>
internal sealed class McpSession : SessionIdentity
{
    // Bounds what hostile users can have a shared session remember.
    private const int MaxSuspects = 10_000;

    private readonly TaskCompletionSource _sessionIdReceived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ClaimInjectionState? _claims;
    private readonly SessionOwner? _owner;
    private volatile ClaimsPrincipal? _user;
    private volatile bool _isShared;
    private volatile bool _hasStream;
    private volatile bool _hasEnded;
    private CookieJar? _cookies;
    private int _isConfirmed = 1;
    private ImmutableHashSet<UserKey> _suspects = [];

    /// <summary>A session that its caller owns.</summary>
    /// <param name="user">The user at the time.</param>
    /// <param name="claims">The client's claim injection, if it has any.</param>
    internal McpSession(ClaimsPrincipal? user, ClaimInjectionState? claims)
    {
        _user = user;
        _claims = claims;
    }

    /// <summary>A session that the pool owns.</summary>
    internal McpSession(ClaimsPrincipal? user, SessionOwner owner, CloseDeadline closeDeadline, CancellationToken closing)
    {
        _user = user;
        _owner = owner;
        CloseDeadline = closeDeadline;
        Closing = closing;
    }

    /// <summary>Gets the session's user; null where unknown. Sessions outlive tokens: a newer principal may replace it.</summary>
    internal override ClaimsPrincipal? User => _user;

    /// <summary>Gets the only user who may use the session; null where its caller decides, or where it is shared.</summary>
    internal SessionOwner? Owner => _isShared ? null : _owner;

    /// <summary>Gets which lease's call each notification came back to; null where the session is not shared.</summary>
    internal NotificationOwners? Notifications { get; private set; }

    /// <summary>Gets the connected client. Set once, before other flows see the session.</summary>
    internal McpClient Client
    {
        get;
        set
        {
            field = value;
            KnownTools = new KnownTools(value);

            // A field, set at once: every rent reads it.
            value.Completion.ContinueWith(
                static (_, session) => ((McpSession)session!).OnEnded(),
                this,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    } = null!;

    /// <summary>Gets the tools that the client knows. Set with the client.</summary>
    internal KnownTools KnownTools { get; private set; } = null!;

    /// <summary>Gets or sets the backend's endpoint. The SDK's OAuth support sends to other hosts through the same HttpClient.</summary>
    internal Uri? Endpoint
    {
        get;
        set
        {
            field = value;
            _cookies = value is null ? null : new CookieJar(value);
        }
    }

    /// <summary>Gets the session's cookies; null where it is shared: they would be one user's.</summary>
    internal CookieJar? Cookies => _isShared ? null : _cookies;

    /// <summary>Gets or sets which call each of the server's questions belongs to; null where the caller owns the session.</summary>
    internal ServerQuestions? Questions { get; set; }

    /// <summary>Gets or sets the action that claims the id from the backend, and throws where another session has it.</summary>
    internal Action<string>? ClaimId { get; set; }

    /// <summary>Gets or sets the action that releases the session's id, once the session has ended.</summary>
    internal Action? ReleaseId { get; set; }

    /// <summary>Gets or sets whether neither side keeps state of one user. Set with the client.</summary>
    internal bool IsStateless { get; set; }

    /// <summary>Gets or sets whether it has opened a stream, as legacy SSE does whatever protocol it speaks.</summary>
    internal bool HasStream
    {
        get => _hasStream;
        set => _hasStream = value;
    }

    /// <summary>Gets the deadline of the DELETE; null where the caller owns the session, and decides how long to wait.</summary>
    internal CloseDeadline? CloseDeadline { get; }

    /// <summary>Gets whether the pool owns the session, and opens it in a flow of its own.</summary>
    internal bool IsPooled => CloseDeadline is not null;

    /// <summary>Gets a task that completes once the client has the session id, and can close the session by it.</summary>
    internal Task SessionIdReceived => _sessionIdReceived.Task;

    /// <summary>Gets the token that the pool cancels to close the session.</summary>
    internal CancellationToken Closing { get; }

    /// <summary>Gets whether no call can succeed any more.</summary>
    internal bool HasEnded => _hasEnded;

    internal override bool HasOwner => Owner is not null;

    /// <inheritdoc/>
    internal override ClaimsPrincipal? GetStandIn()
    {
        // A lease is its renter's, whatever the settings say about unknown users.
        if (HasOwner || _claims is null)
        {
            return _user;
        }

        if (_claims.Plan.MissingIdentity != MissingIdentityBehavior.Forward)
        {
            return null;
        }

        _claims.Telemetry.SessionUserStandsIn();
        return _user;
    }

    internal override void ThrowIfNotOwner(ClaimsPrincipal? user) => Owner?.Check(user);

    /// <summary>Whether a response to the user's own call may mean that the backend lost the session, or concern that call alone.</summary>
    internal bool IsSuspectFor(UserKey? user) => !_suspects.IsEmpty && _suspects.Contains(ToSuspect(user));

    internal void SetSuspectFor(UserKey? user) => ImmutableInterlocked.Update(
        ref _suspects, static (suspects, user) => suspects.Count < MaxSuspects ? suspects.Add(user) : suspects, ToSuspect(user));

    internal void SetUser(ClaimsPrincipal? user) => _user = user;

    internal void SetSessionIdReceived() => _sessionIdReceived.TrySetResult();

    /// <summary>Whether a call has succeeded since this was last called. A shared session has, since its first user connected.</summary>
    internal bool ResetConfirmation() => Interlocked.Exchange(ref _isConfirmed, 0) == 1;

    /// <summary>Detects the end of the session by a response: the SDK reports it later, if at all.</summary>
    /// <param name="status">The response's status.</param>
    /// <param name="isCall">Whether it responds to a call, and not to the stream's GET.</param>
    /// <param name="request">The request: on a shared session, one user's response must not condemn it for others.</param>
    /// <param name="accessor">Gives the request's user.</param>
    internal void OnResponse(HttpStatusCode status, bool isCall, HttpRequestMessage request, IIdentityAccessor accessor)
    {
        switch (status)
        {
            // With a session id, 404 means that the session has ended (MCP 2025-11-25, transports, session management).
            case HttpStatusCode.NotFound when Client.SessionId is not null:
                _hasEnded = true;
                break;

            // Test before writing: avoids cache-line contention.
            case < HttpStatusCode.Ambiguous when isCall && Volatile.Read(ref _isConfirmed) == 0:
                Volatile.Write(ref _isConfirmed, 1);
                break;

            // Without one, both may be errors of the call (MCP 2026-07-28 responds 404 to an unknown method).
            case HttpStatusCode.NotFound or HttpStatusCode.BadRequest when isCall:
                SetSuspectFor(HasOwner ? null : _owner?.ReadKey(IdentityResolver.Resolve(request, accessor)));
                break;
        }
    }

    /// <summary>Turns the session into a shared one: it has no user, and the live identity decides.</summary>
    internal void Share()
    {
        _user = null;
        Notifications = new NotificationOwners();
        Questions = null;
        _isShared = true;
        _cookies = null;
    }

    /// <summary>Whether a user is the session's own. Two principals of one user are.</summary>
    internal bool IsOfItsUser(ClaimsPrincipal? user)
    {
        UserSelector users = ClaimInjectionState.UsersOf(_claims);
        return user == _user
            || (SessionUser.TryRead(user, users, keyClaimTypes: [], out SessionUser one, out _)
                && SessionUser.TryRead(_user, users, keyClaimTypes: [], out SessionUser other, out _)
                && one.Key == other.Key);
    }

    internal void OnEnded()
    {
        _hasEnded = true;
        ReleaseId?.Invoke();
    }

    /// <summary>Asks the backend whether it knows the session: as the session's user, or as the caller where it is shared.</summary>
    /// <param name="user">The caller's key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<bool> IsAliveAsync(UserKey? user, CancellationToken cancellationToken)
    {
        // The caller may be within a call of another lease, with another renter.
        LeaseIdentity.Current = null;
        if (HasOwner)
        {
            IdentityScope.EnterSession(this);
        }

        ImmutableInterlocked.Update(ref _suspects, static (suspects, user) => suspects.Remove(user), ToSuspect(user));
        try
        {
            // Each revision has one request that every server must handle: ping up to 2025-11-25, server/discover since.
            string method = StatelessSession.IsOfStatelessProtocol(Client) ? RequestMethods.ServerDiscover : RequestMethods.Ping;
            var question = new JsonRpcRequest { Method = method, Params = new JsonObject() };
            await Client.SendRequestAsync(question, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is McpProtocolException or HttpRequestException { StatusCode: not null })
        {
            // An error is a response too: OnResponse has judged its status already.
        }
        catch (Exception)
        {
            // No response to one user proves nothing about what others share.
            return !HasOwner && !_hasEnded;
        }

        return !IsSuspectFor(user) && !_hasEnded;
    }

    /// <summary>On a session with an owner, all calls are one user's.</summary>
    private UserKey ToSuspect(UserKey? user) => HasOwner ? default : user.GetValueOrDefault();

    /// <summary>Closes the session in its own flow: its last requests must carry its user.</summary>
    internal async Task CloseAsync()
    {
        IdentityScope.EnterSession(this);
        await Client.DisposeAsync().ConfigureAwait(false);
    }
}
