namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Whether a scheme has keys to verify assertions by.</summary>
internal enum KeyAvailability
{
    /// <summary>There are none: every assertion is refused.</summary>
    Missing,

    /// <summary>There are some, and no certificate of them is valid now: every assertion is refused.</summary>
    Expired,

    /// <summary>There are some, and the last attempt to fetch them again failed.</summary>
    Stale,

    /// <summary>There are some, as they were given or last fetched.</summary>
    Available,
}
