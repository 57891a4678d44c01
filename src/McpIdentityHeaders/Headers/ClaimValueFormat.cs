namespace McpIdentityHeaders;

/// <summary>How many of a claim's values a header carries, and in which form.</summary>
public enum ClaimValueFormat
{
    /// <summary>The first value, in the client's <see cref="ClaimInjectionOptions.Encoding"/>.</summary>
    Single,

    /// <summary>
    /// All values, joined by <c>,</c>. Within a value, everything with a meaning in list syntax is percent-encoded.
    /// </summary>
    CommaSeparated,

    /// <summary>All values, as a JSON array of strings in ASCII.</summary>
    JsonArray,
}
