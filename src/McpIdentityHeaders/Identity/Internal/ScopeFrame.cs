using System.Collections.Immutable;

namespace McpIdentityHeaders.Internal;

/// <summary>The scopes of one flow, innermost first. Immutable: what a child flow ends stays in force for its parent.</summary>
internal sealed class ScopeFrame
{
    private readonly ScopeFrame? _outer;
    private readonly ImmutableHashSet<IdentityScope> _ended;
    private readonly int _depth;

    private ScopeFrame(IdentityScope scope, ScopeFrame? outer, ImmutableHashSet<IdentityScope> ended)
    {
        Scope = scope;
        _outer = outer;
        _ended = ended;
        _depth = 1 + (outer?._depth ?? 0);
    }

    internal IdentityScope Scope { get; }

    internal static ScopeFrame Push(ScopeFrame? frame, IdentityScope scope) => new(scope, frame, frame?._ended ?? []);

    /// <summary>Gives the flow's scopes without one that has ended.</summary>
    internal ScopeFrame? End(IdentityScope scope)
    {
        if (scope == Scope)
        {
            return WithoutEnded(_outer, _ended);
        }

        // Ended out of order. Copy once the ended ones are many: scopes that hand over to one another would chain up.
        ImmutableHashSet<IdentityScope> ended = _ended.Add(scope);
        return 2 * ended.Count < _depth ? new ScopeFrame(Scope, _outer, ended) : Copy(ended);
    }

    private static ScopeFrame? WithoutEnded(ScopeFrame? frame, ImmutableHashSet<IdentityScope> ended)
    {
        while (frame is not null && ended.Contains(frame.Scope))
        {
            frame = frame._outer;
        }

        return frame is null || frame._ended == ended ? frame : new ScopeFrame(frame.Scope, frame._outer, ended);
    }

    private ScopeFrame Copy(ImmutableHashSet<IdentityScope> ended)
    {
        var kept = new Stack<IdentityScope>();
        for (ScopeFrame? frame = this; frame is not null; frame = frame._outer)
        {
            if (!ended.Contains(frame.Scope))
            {
                kept.Push(frame.Scope);
            }
        }

        ScopeFrame? copy = null;
        foreach (IdentityScope scope in kept)
        {
            copy = Push(copy, scope);
        }

        return copy!;
    }
}
