using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Which headers a client sends for its users, where to, and what happens when it cannot.</summary>
/// <remarks>
/// Named by the HttpClient. All but <see cref="SelectIdentity"/>, and headers from code, binds from configuration. It is validated at
/// start-up (without a host: at first use), and a changed configuration before it takes effect: an invalid one is logged and leaves the
/// last good one in force.
/// </remarks>
public sealed class ClaimInjectionOptions
{
    /// <summary>
    /// Gets the headers and the claims they are filled from. Their names and the aliases of these are identity header names.
    /// </summary>
    /// <value>
    /// The default value is <c>X-User-Sub</c> from <see cref="SubjectClaimTypes"/>, <c>X-User-Email</c> from <c>email</c> and
    /// <c>X-User-Name</c> from <c>name</c>, the last two also from the <see cref="ClaimTypes"/> that ASP.NET Core renames them to. Clear it
    /// first to replace the three; settings from configuration add to them, unless the section sets <c>ReplaceHeaders</c> to true.
    /// </value>
    public ClaimHeaderCollection Headers { get; } = new()
    {
        new ClaimHeader("X-User-Sub", "sub", ClaimTypes.NameIdentifier) { IsDefaultSubject = true },
        { "X-User-Email", "email", ClaimTypes.Email },
        { "X-User-Name", "name", ClaimTypes.Name },
    };

    /// <summary>Gets or sets what happens to a request of an unknown user.</summary>
    /// <value>The default value is <see cref="MissingIdentityBehavior.Forward"/>.</value>
    public MissingIdentityBehavior MissingIdentity { get; set; }

    /// <summary>Gets the claim types of a user's subject: for <c>X-User-Sub</c>, a pool's sessions, and what is never omitted.</summary>
    /// <value>
    /// The default value is <c>sub</c> and <see cref="ClaimTypes.NameIdentifier"/>. The first that an identity has decides; two different
    /// values of it are two subjects, and refused. Clear it first to replace the two; a list from configuration replaces them.
    /// </value>
    public IList<string> SubjectClaimTypes { get; } = ["sub", ClaimTypes.NameIdentifier];

    /// <summary>Gets or sets how single values travel. Lists have their own escaping, which this does not change.</summary>
    /// <value>The default value is <see cref="HeaderValueEncoding.Mcp"/>.</value>
    public HeaderValueEncoding Encoding { get; set; }

    /// <summary>
    /// Gets the origins (scheme, host and port; a path is ignored) that identity headers are sent to: http, https, ws or wss.
    /// </summary>
    /// <value>
    /// Empty by default. An MCP client's endpoint and the HttpClient's <see cref="HttpClient.BaseAddress"/> count besides. With none at
    /// all, and without <see cref="AllowAnyOrigin"/>, the client is refused at start-up; a handler made by hand serves every origin then.
    /// </value>
    public IList<Uri> TrustedOrigins { get; } = [];

    /// <summary>
    /// Gets the services, such as <c>http://notes</c>, that a handler in front resolves to addresses (service discovery).
    /// </summary>
    /// <value>
    /// Empty by default. A request that the program sends to one carries identity headers wherever the handlers in front take it, but not
    /// from https to plain http. Name one only where each of those handlers that changes a request's URI is trusted with every user's
    /// identity. Where a reload names the first one, it counts for handlers that are made from then on.
    /// </value>
    public IList<Uri> TrustedServices { get; } = [];

    /// <summary>Gets or sets whether requests to every origin carry identity headers.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool AllowAnyOrigin { get; set; }

    /// <summary>Gets or sets whether a request that would carry an identity over plain http is refused, except to loopback.</summary>
    /// <value>The default value is <see langword="false"/>: one warning for each origin.</value>
    public bool RequireHttps { get; set; }

    /// <summary>Gets or sets what chooses the user among authenticated identities of different subjects or issuers.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: such a principal is refused, and so is one for which this returns
    /// <see langword="null"/> or an identity that is not authenticated. It is not called for other principals.
    /// </value>
    public Func<ClaimsPrincipal, ClaimsIdentity?>? SelectIdentity { get; set; }

    /// <summary>Gets or sets the header by which a backend knows this program.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: none. It goes beside identity headers, never without one, and only to origins that are
    /// named: not to those that are served because of <see cref="AllowAnyOrigin"/>. Its name is stripped and redacted as an identity header
    /// is; its length does not count in <see cref="MaxTotalLength"/>.
    /// </value>
    public SharedSecret? SharedSecret { get; set; }

    /// <summary>Gets or sets how many redirects in a row are followed, within one origin.</summary>
    /// <value>
    /// From 0, which follows none, to 100. The default value is 10. The primary handler's <c>MaxAutomaticRedirections</c> counts if it is
    /// smaller, and its <c>AllowAutoRedirect = false</c> as 0. With handlers chained by hand,
    /// <see cref="SameOriginRedirectHandler.MaxRedirections"/> counts.
    /// </value>
    [Range(0, 100)]
    public int MaxRedirections { get; set; } = 10;

    /// <summary>Gets or sets the most bytes that one header's value may have on the wire, encoded.</summary>
    /// <value>From 1 to 1,048,576. The default value is 4096.</value>
    [Range(1, 1024 * 1024)]
    public int MaxHeaderValueLength { get; set; } = 4096;

    /// <summary>
    /// Gets or sets the most bytes that all identity headers of a request may have on the wire, names and values together.
    /// </summary>
    /// <value>From 1 to 1,048,576. The default value is 8192. Servers commonly accept 8 to 32 KiB of headers in all.</value>
    [Range(1, 1024 * 1024)]
    public int MaxTotalLength { get; set; } = 8192;

    /// <summary>Gets or sets what happens when a header would be longer than the limits allow.</summary>
    /// <value>The default value is <see cref="OversizedValueBehavior.Reject"/>.</value>
    public OversizedValueBehavior OversizedValue { get; set; }

    /// <summary>Gets or sets what the activity (span) of an HTTP request says of its user.</summary>
    /// <value>
    /// The default value is <see cref="UserActivityTag.None"/>. It is the request's own activity, <c>System.Net.Http.HttpRequestOut</c>, so
    /// that no span that several users share has one user's id; only of requests that carry an identity, and of users with a subject. The
    /// primary handler has to be a <see cref="SocketsHttpHandler"/> with an <c>ActivityHeadersPropagator</c>, as by default. A tag that
    /// the activity has already stays.
    /// </value>
    public UserActivityTag UserActivityTag { get; set; }

    /// <summary>Gets or sets the secret key of pseudonymous ids.</summary>
    /// <value>
    /// The default value is <see langword="null"/>. Required for <see cref="UserActivityTag.PseudonymousId"/>: at least 32 characters, best
    /// 32 random bytes in hexadecimal digits. Programs with the same key give a user the same id.
    /// </value>
    public string? UserActivityTagKey { get; set; }

    /// <summary>Gets or sets the signed assertion that a handler behind adds, if any.</summary>
    internal AssertionHeader? Assertion { get; set; }
}
