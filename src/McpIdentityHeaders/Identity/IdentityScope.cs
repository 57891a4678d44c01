using System.Security.Claims;
using McpIdentityHeaders.Internal;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders;

/// <summary>A stretch of a flow of execution that runs for one user. <see cref="AmbientIdentity.Use"/> opens it.</summary>
public sealed class IdentityScope : IDisposable
{
    private ClaimsPrincipal? _user;
    private volatile MessageContext? _message;

    private IdentityScope(ClaimsPrincipal? user = null, SessionIdentity? session = null, MessageContext? message = null)
    {
        _user = user;
        _message = message;
        Session = session;
    }

    /// <summary>Gets the session that this flow belongs to, or null for a scope that a caller opened.</summary>
    internal SessionIdentity? Session { get; }

    // Read each time: a filter may set a message's user at any time.
    internal ClaimsPrincipal? User => _message?.User ?? _user ?? Session?.User;

    /// <summary>
    /// Ends the scope in the current flow. Where it is the scope in force, the nearest outer scope not yet ended is in force again. Out of
    /// order, nothing changes but that scopes within it pass it over when they end.
    /// </summary>
    /// <remarks>
    /// A scope is in force for each flow by itself: where a child flow disposes what it inherited, in order or not, nothing changes for the
    /// parent, and the other way round. An async method is a child flow of its caller, so dispose the scope in the method that opened it.
    /// </remarks>
    public void Dispose() => AmbientIdentity.Frame = AmbientIdentity.Frame?.End(this);

    internal static IdentityScope Open(ClaimsPrincipal user) => Enter(AmbientIdentity.Frame, new IdentityScope(user));

    /// <summary>Makes the message's user the user of the current flow, which is anonymous where the message has none.</summary>
    internal static IdentityScope OpenForMessage(MessageContext message) =>
        Enter(AmbientIdentity.Frame, new IdentityScope(user: new ClaimsPrincipal(), message: message));

    /// <summary>Releases a message that has been handled. Its user stays for what was started meanwhile, and still runs.</summary>
    internal void EndOfMessage()
    {
        _user = User;
        _message = null;
    }

    /// <summary>Makes the current flow the session's own. Call it from an async method: its end restores the caller's flow.</summary>
    /// <param name="session">The session.</param>
    /// <param name="user">One of its user's principals; null for the session's user as it stands at each moment.</param>
    internal static void EnterSession(SessionIdentity session, ClaimsPrincipal? user = null) =>
        Enter(outer: null, new IdentityScope(user, session));

    private static IdentityScope Enter(ScopeFrame? outer, IdentityScope scope)
    {
        AmbientIdentity.Frame = ScopeFrame.Push(outer, scope);
        return scope;
    }
}
