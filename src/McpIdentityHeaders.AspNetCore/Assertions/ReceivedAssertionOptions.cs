using System.ComponentModel.DataAnnotations;
using McpIdentityHeaders.AspNetCore.Internal;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore;

/// <summary>Which signed identity assertions a backend accepts.</summary>
/// <remarks>Named by the authentication scheme. It is validated at start-up (without a host: at first use).</remarks>
public sealed class ReceivedAssertionOptions
{
    private static readonly string[] DefaultAlgorithms =
        [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256];

    private readonly ClaimHeader[] _defaultHeaders;
    private string? _headerName;
    private string? _issuer;
    private string? _tokenType;
    private TimeSpan? _maxLifetime;
    private int? _maxTokenLength;
    private string? _nameClaimType;
    private string? _roleClaimType;

    /// <summary>Creates the options with their defaults.</summary>
    public ReceivedAssertionOptions()
    {
        Headers = new ClaimInjectionOptions().Headers;
        _defaultHeaders = [.. Headers];
    }

    /// <summary>Gets or sets the proxy in front that signs users in: its own documented assertion is accepted.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: an assertion of this library is. With a profile, header, algorithm, type and the
    /// address of the keys are the proxy's, and <see cref="Algorithms"/>, <see cref="TokenType"/>, <see cref="Authority"/>,
    /// <see cref="Headers"/>, <see cref="Encoding"/> and <see cref="RequireBinding"/> stay as they are by default. The plain headers that
    /// the proxy sends beside its assertion have to say the same, and leave the request.
    /// </value>
    public IdentityAssertionProfile? Profile { get; set; }

    /// <summary>Gets or sets the header that carries the assertion.</summary>
    /// <value>The default value is <c>X-User-Assertion</c>, as the sender's, or that of the <see cref="Profile"/>.</value>
    [Required]
    public string HeaderName
    {
        get => _headerName ?? AssertionProfile.Find(Profile)?.HeaderName ?? "X-User-Assertion";
        set => _headerName = value;
    }

    /// <summary>Gets or sets who has to have signed: the <c>iss</c> claim, compared exactly (RFC 7519, section 4.1.1).</summary>
    /// <value>
    /// Required, unless the <see cref="Profile"/> is <see cref="IdentityAssertionProfile.GoogleIap"/> or
    /// <see cref="IdentityAssertionProfile.Pomerium"/>.
    /// </value>
    public string? Issuer
    {
        get => _issuer ?? AssertionProfile.Find(Profile)?.GetIssuer(this);
        set => _issuer = value;
    }

    /// <summary>Gets or sets what this backend is called: the <c>aud</c> claim, compared exactly (RFC 7519, section 4.1.3).</summary>
    /// <value>
    /// Required, unless the <see cref="Profile"/> is <see cref="IdentityAssertionProfile.AwsApplicationLoadBalancer"/>. A sender's default
    /// is the origin that it calls, such as <c>https://notes.example.com</c>.
    /// </value>
    public string? Audience { get; set; }

    /// <summary>Gets or sets the ARN of the Application Load Balancer that has to have signed.</summary>
    /// <value>
    /// The default value is <see langword="null"/>. Required with <see cref="IdentityAssertionProfile.AwsApplicationLoadBalancer"/>, and
    /// for nothing else: AWS's keys sign for the load balancers of all its customers.
    /// </value>
    public string? Signer { get; set; }

    /// <summary>Gets or sets where the issuer's keys are discovered.</summary>
    /// <value>
    /// The default value is <see langword="null"/>. An http or https URI; its <c>/.well-known/openid-configuration</c> names the key set
    /// (OpenID Connect Discovery). One of this, <see cref="KeySetUri"/> and <see cref="Keys"/> is required.
    /// </value>
    public Uri? Authority { get; set; }

    /// <summary>Gets or sets the address of the issuer's JWK set (RFC 7517).</summary>
    /// <value>
    /// The default value is <see langword="null"/>: with a <see cref="Profile"/>, the documented address. With
    /// <see cref="IdentityAssertionProfile.AwsApplicationLoadBalancer"/>, each key is a PEM file below it, named by the key's id.
    /// </value>
    public Uri? KeySetUri { get; set; }

    /// <summary>Gets the issuer's keys, where they are not fetched.</summary>
    /// <value>Empty by default. Public, asymmetric keys. An assertion names one by its thumbprint (RFC 7638) or by its own id.</value>
    public IList<SecurityKey> Keys { get; } = [];

    /// <summary>Gets or sets how soon after the last fetch an unknown key id has the keys fetched again.</summary>
    /// <value>At least 1 second. The default value is 10 seconds. A flood of unknown ids causes no more fetches than this.</value>
    public TimeSpan KeyRefreshInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the signature algorithms that are accepted.</summary>
    /// <value>ES256, RS256 and PS256 by default. Symmetric ones and <c>none</c> cannot be named.</value>
    public IList<string> Algorithms { get; } = [.. DefaultAlgorithms];

    /// <summary>Gets or sets the assertion's type: the <c>typ</c> header parameter (explicit typing, RFC 8725, section 3.11).</summary>
    /// <value>The default value is <c>user-assertion+jwt</c>, as the sender's. With a <see cref="Profile"/>, <c>JWT</c> or none.</value>
    [Required]
    public string TokenType
    {
        get => _tokenType ?? "user-assertion+jwt";
        set => _tokenType = value;
    }

    /// <summary>Gets or sets how far the clocks of sender and receiver may differ.</summary>
    /// <value>From zero to 5 minutes. The default value is 30 seconds.</value>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets the longest lifetime that is accepted.</summary>
    /// <value>
    /// More than zero and at most 1 hour. The default value is 10 minutes. It bounds what replay protection remembers. With
    /// <see cref="IdentityAssertionProfile.CloudflareAccess"/>, 24 hours, and at most 31 days; with
    /// <see cref="IdentityAssertionProfile.GoogleIap"/>, 11 minutes; with
    /// <see cref="IdentityAssertionProfile.AwsApplicationLoadBalancer"/>, 1 hour from now on, since its tokens do not say when they were
    /// issued, and at most 7 days.
    /// </value>
    public TimeSpan MaxLifetime
    {
        get => _maxLifetime ?? AssertionProfile.Find(Profile)?.MaxLifetime ?? TimeSpan.FromMinutes(10);
        set => _maxLifetime = value;
    }

    /// <summary>Gets or sets the most bytes that an assertion may have.</summary>
    /// <value>
    /// From 256 to 1,048,576. The default value is 8192, and 16384 with <see cref="IdentityAssertionProfile.AwsApplicationLoadBalancer"/>.
    /// </value>
    [Range(256, 1024 * 1024)]
    public int MaxTokenLength
    {
        get => _maxTokenLength ?? AssertionProfile.Find(Profile)?.MaxTokenLength ?? 8192;
        set => _maxTokenLength = value;
    }

    /// <summary>Gets or sets whether an assertion has to be bound to its request, and is accepted once.</summary>
    /// <value>
    /// The default value is <see langword="false"/>. The method, the URI, the content's digest and the MCP session id have to be the
    /// request's. Ids that were used are kept in the application's <c>IDistributedCache</c> until they expire: call
    /// <c>AddDistributedMemoryCache</c>, or register one that all replicas share.
    /// </value>
    public bool RequireBinding { get; set; }

    /// <summary>Gets or sets this backend's origin as the sender sees it, for <see cref="RequireBinding"/>.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: the request's own scheme and host. Set it where a proxy in front changes them.
    /// </value>
    public Uri? PublicOrigin { get; set; }

    /// <summary>Gets the plain identity headers that have to say the same, where they come beside the assertion.</summary>
    /// <value>The same three by default as <see cref="ClaimInjectionOptions.Headers"/>. The map has to equal the sender's.</value>
    public ClaimHeaderCollection Headers { get; }

    /// <summary>Gets or sets how single values of those headers travel.</summary>
    /// <value>The default value is <see cref="HeaderValueEncoding.Mcp"/>. It has to equal the sender's.</value>
    public HeaderValueEncoding Encoding { get; set; }

    /// <summary>Gets or sets the claim type of <see cref="System.Security.Claims.ClaimsIdentity.Name"/>.</summary>
    /// <value>
    /// The default value is <c>name</c>; with <see cref="IdentityAssertionProfile.CloudflareAccess"/> and
    /// <see cref="IdentityAssertionProfile.GoogleIap"/>, which send no name, <c>email</c>.
    /// </value>
    [Required]
    public string NameClaimType
    {
        get => _nameClaimType ?? AssertionProfile.Find(Profile)?.NameClaimType ?? "name";
        set => _nameClaimType = value;
    }

    /// <summary>Gets or sets the claim type of roles, as for <c>[Authorize(Roles = "…")]</c>.</summary>
    /// <value>The default value is <c>roles</c>; with <see cref="IdentityAssertionProfile.Pomerium"/>, <c>groups</c>.</value>
    [Required]
    public string RoleClaimType
    {
        get => _roleClaimType ?? AssertionProfile.Find(Profile)?.RoleClaimType ?? "roles";
        set => _roleClaimType = value;
    }

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

    /// <summary>Gets the names of what is set although a profile has its own.</summary>
    internal IEnumerable<string> SetBesideProfile => new (string Name, bool IsSet)[]
    {
        (nameof(HeaderName), _headerName is not null),
        (nameof(Authority), Authority is not null),
        (nameof(Algorithms), !Algorithms.SequenceEqual(DefaultAlgorithms)),
        (nameof(TokenType), _tokenType is not null),
        (nameof(RequireBinding), RequireBinding),
        (nameof(PublicOrigin), PublicOrigin is not null),
        (nameof(Headers), !Headers.SequenceEqual(_defaultHeaders)),
        (nameof(Encoding), Encoding != HeaderValueEncoding.Mcp),
    }.Where(option => option.IsSet).Select(option => option.Name);
}
