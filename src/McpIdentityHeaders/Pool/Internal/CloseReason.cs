namespace McpIdentityHeaders.Internal;

/// <summary>Why the pool closed a session: the values of the metric's tag.</summary>
internal static class CloseReason
{
    /// <summary>Its idle timeout elapsed.</summary>
    internal const string Idle = "idle";

    /// <summary>A new session needed its slot, and it was idle longest.</summary>
    internal const string Evicted = "evicted";

    /// <summary>The backend ended it, or negotiates another protocol.</summary>
    internal const string Ended = "ended";

    /// <summary>Its one lease, for an anonymous or unknown user, was returned.</summary>
    internal const string Returned = "returned";

    /// <summary>CloseAsync was called for its user.</summary>
    internal const string User = "user";

    /// <summary>Changed settings replaced those that it was opened with.</summary>
    internal const string Settings = "settings";

    /// <summary>Another session turned out to serve all users.</summary>
    internal const string Shared = "shared";

    /// <summary>All rents that waited for it to open were cancelled.</summary>
    internal const string Abandoned = "abandoned";

    /// <summary>The host stopped, or the container was disposed.</summary>
    internal const string Shutdown = "shutdown";
}
