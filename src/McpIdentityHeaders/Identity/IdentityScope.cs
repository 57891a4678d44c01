using System.Security.Claims;
using McpIdentityHeaders.Internal;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders;

/// <summary>A stretch of a flow of execution that runs for one user. <see cref="AmbientIdentity.Use"/> opens it.</summary>
public sealed class IdentityScope : IDisposable
{
    private ClaimsPrincipal? _user;
    private volatile MessageContext? _message;
    private volatile OuterScope? _outer;
    private int _endings;

    private IdentityScope(IdentityScope? outer, ClaimsPrincipal? user = null, SessionIdentity? session = null, MessageContext? message = null)
    {
        _user = user;
        _message = message;
        Session = session;

        // Scopes that hand over to one another (open the next, dispose the last) would chain up for as long as the flow lives.
        outer?._outer = outer.Outer;
        _outer = outer is null ? null : new OuterScope(outer);
    }

    /// <summary>Gets the session that this flow belongs to, or null for a scope that a caller opened.</summary>
    internal SessionIdentity? Session { get; }

    // Read each time: a filter may set a message's user at any time.
    internal ClaimsPrincipal? User => _message?.User ?? _user ?? Session?.User;

    /// <summary>
    /// Ends the scope. Where it is the scope in force, the nearest outer scope not yet disposed is in force again. Elsewhere (out of order,
    /// or in another flow) nothing changes but that scopes within it pass it over when they end, in whatever flow.
    /// </summary>
    /// <remarks>
    /// A scope is in force for each flow by itself: where a child flow disposes what it inherited, it stays in force for the parent until the
    /// parent disposes it, and the other way round.
    /// </remarks>
    public void Dispose()
    {
        if (AmbientIdentity.Current == this)
        {
            AmbientIdentity.Current = Outer?.Scope;
        }
        else
        {
            Interlocked.Increment(ref _endings);
        }
    }

    internal static IdentityScope Open(ClaimsPrincipal user) => Enter(new IdentityScope(AmbientIdentity.Current, user));

    /// <summary>Makes the message's user the user of the current flow, which is anonymous where the message has none.</summary>
    internal static IdentityScope OpenForMessage(MessageContext message) =>
        Enter(new IdentityScope(AmbientIdentity.Current, user: new ClaimsPrincipal(), message: message));

    /// <summary>
    /// Lets go of a message that has been handled: its user stays for what was started meanwhile and still runs.
    /// </summary>
    internal void EndOfMessage()
    {
        _user = User;
        _message = null;
    }

    /// <summary>Makes the current flow the session's own. Call it from an async method, whose end restores the caller's flow.</summary>
    /// <param name="session">The session.</param>
    /// <param name="user">One of its user's principals; null for the session's user as it stands at each moment.</param>
    internal static void EnterSession(SessionIdentity session, ClaimsPrincipal? user = null) =>
        Enter(new IdentityScope(outer: null, user, session));

    private static IdentityScope Enter(IdentityScope scope) => AmbientIdentity.Current = scope;

    /// <summary>Gets the nearest outer scope that has not ended.</summary>
    private OuterScope? Outer
    {
        get
        {
            OuterScope? outer = _outer;
            while (outer is { HasEnded: true })
            {
                outer = outer.Scope._outer;
            }

            return outer;
        }
    }

    /// <summary>
    /// An outer scope, as it stood when the inner one was opened. Only what ended it since then counts: another flow's dispose before that did
    /// not end it here, where it was in force.
    /// </summary>
    private sealed class OuterScope(IdentityScope scope)
    {
        private readonly int _endings = Volatile.Read(ref scope._endings);

        internal IdentityScope Scope => scope;

        internal bool HasEnded => Volatile.Read(ref scope._endings) != _endings;
    }
}
