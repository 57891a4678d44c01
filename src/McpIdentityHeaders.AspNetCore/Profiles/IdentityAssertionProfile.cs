namespace McpIdentityHeaders.AspNetCore;

/// <summary>The proxies in front of a program of which <see cref="ReceivedAssertionOptions.Profile"/> knows the assertions.</summary>
/// <remarks>
/// Header, algorithm, issuer and address of the keys are those of each vendor's documentation, which docs/receiving-profiles.md cites. The
/// plain headers that such a proxy sends beside its assertion are never trusted.
/// </remarks>
public enum IdentityAssertionProfile
{
    /// <summary>
    /// Cloudflare Access: <c>Cf-Access-Jwt-Assertion</c>, by RS256. <see cref="ReceivedAssertionOptions.Issuer"/> is the team domain, such
    /// as <c>https://my-team.cloudflareaccess.com</c>, and <see cref="ReceivedAssertionOptions.Audience"/> the application's AUD tag. A
    /// service token is no user, and is refused.
    /// </summary>
    CloudflareAccess,

    /// <summary>
    /// Google's Identity-Aware Proxy: <c>X-Goog-Iap-Jwt-Assertion</c>, by ES256. <see cref="ReceivedAssertionOptions.Audience"/> is the
    /// resource, such as <c>/projects/NUMBER/global/backendServices/ID</c>. The issuer is Google's.
    /// </summary>
    GoogleIap,

    /// <summary>
    /// An AWS Application Load Balancer: <c>X-Amzn-Oidc-Data</c>, by ES256. <see cref="ReceivedAssertionOptions.Signer"/> is the load
    /// balancer's ARN, and <see cref="ReceivedAssertionOptions.Issuer"/> its identity provider's. Such a token has no audience:
    /// <see cref="ReceivedAssertionOptions.Audience"/>, if it is set, is the client id.
    /// </summary>
    AwsApplicationLoadBalancer,

    /// <summary>
    /// Pomerium: <c>X-Pomerium-Jwt-Assertion</c>, by ES256. <see cref="ReceivedAssertionOptions.Audience"/> is the route's host, and
    /// <see cref="ReceivedAssertionOptions.Issuer"/> the same unless Pomerium's <c>jwt_issuer_format</c> is <c>uri</c>.
    /// </summary>
    Pomerium,
}
