namespace McpIdentityHeaders;

/// <summary>What happens to a request of an unknown user: neither a scope nor the accessor nor a session knows one.</summary>
/// <remarks>
/// <para>An anonymous user is not unknown: such a request never carries an identity header. <see cref="RequireUser"/> alone refuses
/// it.</para>
/// <para>
/// On a session of <see cref="IMcpClientFactory"/>, the user that opened it stands in for an unknown user of a call under
/// <see cref="Forward"/> only.
/// </para>
/// </remarks>
public enum MissingIdentityBehavior
{
    /// <summary>The request goes on as it is, with any identity headers that it carries: the same object.</summary>
    Forward,

    /// <summary>The request goes on without identity headers, as an anonymous user's does.</summary>
    StripHeaders,

    /// <summary>The request is refused with a <see cref="ClaimInjectionException"/> before anything is sent.</summary>
    Reject,

    /// <summary>As <see cref="Reject"/>, and an anonymous user's request is refused as well: for a gateway behind a sign-in.</summary>
    RequireUser,
}
