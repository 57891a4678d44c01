using System.ComponentModel.DataAnnotations;

namespace McpIdentityHeaders;

/// <summary>What a client's signed identity assertions say, who signs them, and how they travel.</summary>
/// <remarks>
/// Named by the HttpClient. Validated at start-up (without a host: at first use). What identifies a user, which claims count and which
/// origins are trusted is in <see cref="ClaimInjectionOptions"/>.
/// </remarks>
public sealed class IdentityAssertionOptions
{
    /// <summary>Gets or sets who signs: the <c>iss</c> claim (RFC 7519, section 4.1.1).</summary>
    /// <value>Required. An https URI of this program lets verifiers find the keys by it (OpenID Connect Discovery).</value>
    public string? Issuer { get; set; }

    /// <summary>Gets or sets the one backend that the assertion is for: the <c>aud</c> claim (RFC 7519, section 4.1.3).</summary>
    /// <value>
    /// The default value is <see langword="null"/>: the origin of each request, such as <c>https://notes.example.com</c>. That is the Host
    /// header's, where the request has another than its URI, and a trusted service's own where a handler in front resolved it.
    /// </value>
    public string? Audience { get; set; }

    /// <summary>Gets or sets how long an assertion is valid.</summary>
    /// <value>From 1 second to 10 minutes. The default value is 60 seconds. After half of it another is signed.</value>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets or sets the header that carries the assertion.</summary>
    /// <value>The default value is <c>X-User-Assertion</c>. It is stripped and redacted as an identity header is.</value>
    public string HeaderName { get; set; } = "X-User-Assertion";

    /// <summary>Gets or sets whether the assertion travels as <c>Authorization: Bearer</c> instead.</summary>
    /// <value>
    /// The default value is <see langword="false"/>. A request that has an Authorization header already is refused then: one of the two
    /// would be lost.
    /// </value>
    public bool UseAuthorizationHeader { get; set; }

    /// <summary>Gets or sets the assertion's type: the <c>typ</c> header parameter (explicit typing, RFC 8725, section 3.11).</summary>
    /// <value>The default value is <c>user-assertion+jwt</c>.</value>
    public string TokenType { get; set; } = "user-assertion+jwt";

    /// <summary>Gets or sets whether the assertion goes instead of the identity headers.</summary>
    /// <value>The default value is <see langword="false"/>: beside them, and both say the same.</value>
    public bool ReplaceHeaders { get; set; }

    /// <summary>Gets or sets whether each assertion is bound to its request.</summary>
    /// <value>
    /// The default value is <see langword="false"/>. Bound, it holds the method and the URI (<c>htm</c> and <c>htu</c>, RFC 9449, section
    /// 4.2), the digests of the content and of a query (<c>content_digest</c> and <c>query_digest</c>, in the form of RFC 9530) and
    /// <c>mcp_session_id</c>, and each request has its own. Content that cannot be read twice is refused.
    /// </value>
    public bool BindRequest { get; set; }

    /// <summary>Gets or sets who acts for the user: the subject of the <c>act</c> claim (RFC 8693, section 4.1).</summary>
    /// <value>The default value is <see langword="null"/>: no such claim.</value>
    public string? Actor { get; set; }

    /// <summary>Gets or sets the most bytes that an assertion may have. A request with a larger one is refused.</summary>
    /// <value>From 256 to 1,048,576. The default value is 8192. Servers commonly accept 8 to 32 KiB of headers in all.</value>
    [Range(256, 1024 * 1024)]
    public int MaxTokenLength { get; set; } = 8192;

    /// <summary>Gets the keys. The first signs, and all are published.</summary>
    /// <value>Empty by default, and at least one is required.</value>
    public IdentityAssertionKeys Keys { get; } = new();
}
