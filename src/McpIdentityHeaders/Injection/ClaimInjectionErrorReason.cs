namespace McpIdentityHeaders;

/// <summary>Why a request was not sent, or no session was rented.</summary>
public enum ClaimInjectionErrorReason
{
    /// <summary>No reason is given: code outside this library made the exception.</summary>
    Unspecified,

    /// <summary>The user is unknown, and <see cref="ClaimInjectionOptions.MissingIdentity"/> refuses such requests.</summary>
    UnknownUser,

    /// <summary>The user is anonymous, and the client's setting is <see cref="MissingIdentityBehavior.RequireUser"/>.</summary>
    AnonymousUser,

    /// <summary>The principal is not one user: it has several subjects, or it was changed while it was read.</summary>
    AmbiguousUser,

    /// <summary>The user has no subject, which a session of the user's own needs.</summary>
    NoSubject,

    /// <summary>The user has no value for a header that is <see cref="ClaimHeader.Required"/>.</summary>
    MissingClaim,

    /// <summary>A claim's value cannot be a header's value, or the code that reads it threw.</summary>
    InvalidClaim,

    /// <summary>
    /// A header is longer than <see cref="ClaimInjectionOptions.MaxHeaderValueLength"/> or
    /// <see cref="ClaimInjectionOptions.MaxTotalLength"/> allows.
    /// </summary>
    HeadersTooLong,

    /// <summary>The caller's request has a header that could forge an identity.</summary>
    ForgedHeader,

    /// <summary>The request would go out unencrypted, and <see cref="ClaimInjectionOptions.RequireHttps"/> is set.</summary>
    InsecureTransport,

    /// <summary>The session or the lease belongs to another user.</summary>
    OtherUser,

    /// <summary>No session was rented: the pool has no room for another.</summary>
    PoolExhausted,

    /// <summary>No session was rented: the user's sessions were closed meanwhile.</summary>
    SessionsClosed,

    /// <summary>The backend broke a rule that keeps users apart.</summary>
    InvalidSession,

    /// <summary>No assertion of the user's identity could be signed.</summary>
    AssertionFailed,

    /// <summary>No session was opened: its transport options are missing, or would let users share a session or a token.</summary>
    InvalidTransportOptions,
}
