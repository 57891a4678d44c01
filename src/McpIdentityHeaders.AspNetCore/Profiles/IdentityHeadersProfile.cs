namespace McpIdentityHeaders.AspNetCore;

/// <summary>The proxies in front of a program of which <see cref="IdentityHeadersOptions.Profile"/> knows the headers.</summary>
/// <remarks>
/// The names, encodings and separators are those of each vendor's documentation, which docs/receiving-profiles.md cites. None of these
/// headers is signed: they are worth what the peer that sends them is worth.
/// </remarks>
public enum IdentityHeadersProfile
{
    /// <summary>
    /// oauth2-proxy as a reverse proxy: <c>X-Forwarded-User</c> (the subject), <c>-Email</c>, <c>-Preferred-Username</c> and
    /// <c>-Groups</c>, joined by <c>,</c>.
    /// </summary>
    OAuth2Proxy,

    /// <summary>
    /// oauth2-proxy behind nginx's <c>auth_request</c> and the like: <c>X-Auth-Request-User</c> (the subject), <c>-Email</c>,
    /// <c>-Preferred-Username</c> and <c>-Groups</c>, joined by <c>,</c>.
    /// </summary>
    OAuth2ProxyAuthRequest,

    /// <summary>
    /// Authelia: <c>Remote-User</c> (the subject), <c>Remote-Name</c>, <c>Remote-Email</c> and <c>Remote-Groups</c>, joined by <c>,</c>.
    /// </summary>
    Authelia,

    /// <summary>
    /// authentik's proxy outpost: <c>X-authentik-uid</c> (the subject), <c>-username</c>, <c>-name</c>, <c>-email</c>, and <c>-groups</c>
    /// and <c>-entitlements</c>, joined by <c>|</c>.
    /// </summary>
    Authentik,

    /// <summary>
    /// Tailscale Serve: <c>Tailscale-User-Login</c> (the subject), <c>-Name</c> and <c>-Profile-Pic</c>. What is not ASCII has the Q
    /// encoding of RFC 2047.
    /// </summary>
    Tailscale,

    /// <summary>
    /// Azure App Service's built-in authentication: <c>X-MS-CLIENT-PRINCIPAL-ID</c> (the subject), <c>-NAME</c>, <c>-IDP</c>, and
    /// <c>X-MS-CLIENT-PRINCIPAL</c>, all claims as Base64 of JSON.
    /// </summary>
    AzureAppService,
}
