namespace McpIdentityHeaders;

/// <summary>What happens to a request whose user is not known: no scope, no accessor and no session says anything about it.</summary>
/// <remarks>That there is nobody is another matter: it is known, and such a request never carries an owned header.</remarks>
public enum MissingIdentityBehavior
{
    /// <summary>The request goes on as it is, owned names that it carries included: the same object.</summary>
    Forward,

    /// <summary>The request goes on without owned names, as if there were nobody.</summary>
    StripHeaders,

    /// <summary>The request is refused with a <see cref="ClaimInjectionException"/> before anything is sent.</summary>
    Reject,
}
