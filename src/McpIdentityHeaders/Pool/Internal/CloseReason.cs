namespace McpIdentityHeaders.Internal;

/// <summary>Why the pool closed a session, as the metric's tag says it.</summary>
internal static class CloseReason
{
    /// <summary>Nobody rented it for long enough.</summary>
    internal const string Idle = "idle";

    /// <summary>Room was needed for another, and it had been idle longest.</summary>
    internal const string Evicted = "evicted";

    /// <summary>The backend ended it, or speaks otherwise by now.</summary>
    internal const string Ended = "ended";

    /// <summary>It was a visitor's, whose lease was given back.</summary>
    internal const string Returned = "returned";

    /// <summary>CloseAsync was called for its user.</summary>
    internal const string User = "user";

    /// <summary>The settings that it was opened with are not in force any more.</summary>
    internal const string Settings = "settings";

    /// <summary>It turned out that one client serves everybody, and there was one already.</summary>
    internal const string Shared = "shared";

    /// <summary>Everyone who waited for it to open has gone.</summary>
    internal const string Abandoned = "abandoned";

    /// <summary>The host stops, or the container is disposed.</summary>
    internal const string Shutdown = "shutdown";
}
