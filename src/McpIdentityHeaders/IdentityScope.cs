using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>A stretch of a flow of execution that runs for one user. <see cref="AmbientIdentity.Use"/> opens it.</summary>
public sealed class IdentityScope : IDisposable
{
    private readonly ClaimsPrincipal? _user;
    private IdentityScope? _outer;

    // A child flow may have disposed the outer scope while it is still in force here. It counts as open for this flow.
    private readonly bool _outerEndedElsewhere;

    private volatile bool _ended;

    private IdentityScope(ClaimsPrincipal? user, McpSession? session, IdentityScope? outer)
    {
        _user = user;
        Session = session;
        _outer = outer;
        _outerEndedElsewhere = outer is { _ended: true };

        // Scopes that hand over to one another (open the next, then dispose the last) would else chain up for as long as the flow lives.
        outer?._outer = outer.Outer;
    }

    /// <summary>Gets the session whose own flow this is, or null for a scope that a caller opened.</summary>
    internal McpSession? Session { get; }

    internal ClaimsPrincipal? User => Session is null ? _user : Session.User;

    /// <summary>
    /// Ends the scope. Where it is the scope in force, the nearest outer scope not yet disposed is in force again. Elsewhere (out of order,
    /// or in another flow) nothing changes but that later disposals pass it over.
    /// </summary>
    /// <remarks>
    /// Disposing in a child flow never uses up the parent's: there the scope stays in force until the parent disposes it. Disposing twice
    /// does nothing more.
    /// </remarks>
    public void Dispose()
    {
        _ended = true;

        if (AmbientIdentity.Current == this)
        {
            AmbientIdentity.Current = Outer;
        }
    }

    internal static IdentityScope Open(ClaimsPrincipal user) => Enter(new IdentityScope(user, session: null, AmbientIdentity.Current));

    /// <summary>Makes the current flow the session's own. Call it from an async method, whose end restores the caller's flow.</summary>
    internal static void EnterSession(McpSession session) => Enter(new IdentityScope(user: null, session, outer: null));

    private static IdentityScope Enter(IdentityScope scope) => AmbientIdentity.Current = scope;

    private IdentityScope? Outer => _outerEndedElsewhere || _outer is not { _ended: true } ? _outer : _outer.Outer;
}
