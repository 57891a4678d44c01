namespace McpIdentityHeaders;

/// <summary>What the activity (span) of an HTTP request says of its user, by OpenTelemetry's semantic conventions.</summary>
public enum UserActivityTag
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>
    /// <c>enduser.id</c>: the user's subject as it is. Whoever reads the traces reads who did what.
    /// </summary>
    Id,

    /// <summary>
    /// <c>enduser.pseudo.id</c>: the subject's HMAC-SHA256 in Base64url, 43 characters. It is the same in each program that has the same
    /// key, and only who has the key can tell which subject it is.
    /// </summary>
    PseudonymousId,
}
