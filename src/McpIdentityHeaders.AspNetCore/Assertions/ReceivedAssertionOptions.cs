using System.ComponentModel.DataAnnotations;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore;

/// <summary>Which signed identity assertions a backend accepts.</summary>
/// <remarks>Named by the authentication scheme. It is validated at start-up (without a host: at first use).</remarks>
public sealed class ReceivedAssertionOptions
{
    /// <summary>Gets or sets the header that carries the assertion.</summary>
    /// <value>The default value is <c>X-User-Assertion</c>, as the sender's.</value>
    [Required]
    public string HeaderName { get; set; } = "X-User-Assertion";

    /// <summary>Gets or sets who has to have signed: the <c>iss</c> claim, compared exactly (RFC 7519, section 4.1.1).</summary>
    /// <value>Required.</value>
    public string? Issuer { get; set; }

    /// <summary>Gets or sets what this backend is called: the <c>aud</c> claim, compared exactly (RFC 7519, section 4.1.3).</summary>
    /// <value>Required. A sender's default is the origin that it calls, such as <c>https://notes.example.com</c>.</value>
    public string? Audience { get; set; }

    /// <summary>Gets or sets where the issuer's keys are discovered.</summary>
    /// <value>
    /// The default value is <see langword="null"/>. An http or https URI; its <c>/.well-known/openid-configuration</c> names the key set (OpenID
    /// Connect Discovery). One of this, <see cref="KeySetUri"/> and <see cref="Keys"/> is required.
    /// </value>
    public Uri? Authority { get; set; }

    /// <summary>Gets or sets the address of the issuer's JWK set (RFC 7517).</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public Uri? KeySetUri { get; set; }

    /// <summary>Gets the issuer's keys, where they are not fetched.</summary>
    /// <value>Empty by default. Public, asymmetric keys. An assertion names one by its thumbprint (RFC 7638) or by its own id.</value>
    public IList<SecurityKey> Keys { get; } = [];

    /// <summary>Gets or sets how soon after the last fetch an unknown key id has the keys fetched again.</summary>
    /// <value>At least 1 second. The default value is 10 seconds. A flood of unknown ids causes no more fetches than this.</value>
    public TimeSpan KeyRefreshInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the signature algorithms that are accepted.</summary>
    /// <value>ES256, RS256 and PS256 by default. Symmetric ones and <c>none</c> cannot be named.</value>
    public IList<string> Algorithms { get; } = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256];

    /// <summary>Gets or sets the assertion's type: the <c>typ</c> header parameter (explicit typing, RFC 8725, section 3.11).</summary>
    /// <value>The default value is <c>user-assertion+jwt</c>, as the sender's.</value>
    [Required]
    public string TokenType { get; set; } = "user-assertion+jwt";

    /// <summary>Gets or sets how far the clocks of sender and receiver may differ.</summary>
    /// <value>From zero to 5 minutes. The default value is 30 seconds.</value>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets the longest lifetime that is accepted.</summary>
    /// <value>More than zero and at most 1 hour. The default value is 10 minutes. It bounds what replay protection remembers.</value>
    public TimeSpan MaxLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Gets or sets the most bytes that an assertion may have.</summary>
    /// <value>From 256 to 1,048,576. The default value is 8192.</value>
    [Range(256, 1024 * 1024)]
    public int MaxTokenLength { get; set; } = 8192;

    /// <summary>Gets or sets whether an assertion has to be bound to its request, and is accepted once.</summary>
    /// <value>
    /// The default value is <see langword="false"/>. The method, the URI, the content's digest and the MCP session id have to be the request's.
    /// Ids that were used are kept in the application's <c>IDistributedCache</c> until they expire: call <c>AddDistributedMemoryCache</c>, or
    /// register one that all replicas share.
    /// </value>
    public bool RequireBinding { get; set; }

    /// <summary>Gets or sets this backend's origin as the sender sees it, for <see cref="RequireBinding"/>.</summary>
    /// <value>The default value is <see langword="null"/>: the request's own scheme and host. Set it where a proxy in front changes them.</value>
    public Uri? PublicOrigin { get; set; }

    /// <summary>Gets the plain identity headers that have to say the same, where they come beside the assertion.</summary>
    /// <value>The same three by default as <see cref="ClaimInjectionOptions.Headers"/>. The map has to equal the sender's.</value>
    public ClaimHeaderCollection Headers { get; } = new ClaimInjectionOptions().Headers;

    /// <summary>Gets or sets how single values of those headers travel.</summary>
    /// <value>The default value is <see cref="HeaderValueEncoding.Mcp"/>. It has to equal the sender's.</value>
    public HeaderValueEncoding Encoding { get; set; }

    /// <summary>Gets or sets the claim type of <see cref="System.Security.Claims.ClaimsIdentity.Name"/>.</summary>
    /// <value>The default value is <c>name</c>.</value>
    [Required]
    public string NameClaimType { get; set; } = "name";

    /// <summary>Gets or sets the claim type of roles, as for <c>[Authorize(Roles = "…")]</c>.</summary>
    /// <value>The default value is <c>roles</c>.</value>
    [Required]
    public string RoleClaimType { get; set; } = "roles";

    /// <summary>Gets or sets what the activity (span) of an HTTP request says of its user, once the assertion is accepted.</summary>
    /// <value>
    /// The default value is <see cref="UserActivityTag.None"/>. It is the server's own activity of the request. A tag that the activity has
    /// already stays.
    /// </value>
    public UserActivityTag UserActivityTag { get; set; }

    /// <summary>Gets or sets the secret key of pseudonymous ids.</summary>
    /// <value>
    /// The default value is <see langword="null"/>. As <see cref="ClaimInjectionOptions.UserActivityTagKey"/>: with the sender's, both ends
    /// give a user the same id.
    /// </value>
    public string? UserActivityTagKey { get; set; }
}
