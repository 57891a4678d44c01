using System.Collections.ObjectModel;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using System.Security.Cryptography.X509Certificates;
using McpIdentityHeaders.AspNetCore.Internal;
using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.AspNetCore;

/// <summary>Which headers a backend reads, how, and which peers it trusts.</summary>
/// <remarks>
/// Named by the authentication scheme. All but <see cref="IsTrustedCertificate"/> binds from configuration. It is validated at start-up
/// (without a host: at first use), and a changed configuration before it takes effect: an invalid one is logged and leaves the last good
/// one in force.
/// <para>
/// No peer is trusted by default. Three settings decide which peer may speak for users: <see cref="TrustedPeers"/>,
/// <see cref="IsTrustedCertificate"/> and <see cref="SharedSecrets"/>. At least one has to be set, and a peer must pass each that is set.
/// </para>
/// </remarks>
public sealed class IdentityHeadersOptions
{
    private readonly ClaimHeader[] _defaultHeaders;
    private readonly bool _hasSinglePeer;
    private int? _maxHeaderValueLength;
    private int? _maxTotalLength;
    private string? _nameClaimType;
    private string? _roleClaimType;

    /// <summary>Creates the options with their defaults.</summary>
    public IdentityHeadersOptions()
    {
        Headers = new ClaimInjectionOptions().Headers;
        _defaultHeaders = [.. Headers];
    }

    /// <summary>Gets or sets the proxy in front that signs users in: its own documented headers are read, in its own encoding.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: <see cref="Headers"/> and <see cref="Encoding"/> apply. With a profile, these two stay
    /// as they are by default, and the subject becomes a claim of the first of <see cref="SubjectClaimTypes"/>. A profile trusts no peer by
    /// itself.
    /// </value>
    public IdentityHeadersProfile? Profile { get; set; }

    /// <summary>Gets the headers, and the claims that they become.</summary>
    /// <value>
    /// The same three by default as <see cref="ClaimInjectionOptions.Headers"/>. The map has to equal the sender's. A header becomes claims
    /// of its first claim type, or, with a <see cref="ClaimHeader.JsonPath"/>, of the path's last name: one claim for each item of a list.
    /// One header has to become the subject: it has one of <see cref="SubjectClaimTypes"/>, and becomes a claim of that. A
    /// <see cref="ClaimHeader.Required"/> one that is missing is refused.
    /// </value>
    public ClaimHeaderCollection Headers { get; }

    /// <summary>Gets the claim types of a user's subject.</summary>
    /// <value>
    /// <c>sub</c> and <see cref="ClaimTypes.NameIdentifier"/> by default, as with <see cref="ClaimInjectionOptions.SubjectClaimTypes"/>.
    /// The subject's header is the one with one of these first; where there is none, the one that has one at all, so that a sender's map of
    /// <c>X-User-Sub</c> from <c>oid</c> and <c>sub</c> can be copied. Settings from a section replace the two.
    /// </value>
    public IList<string> SubjectClaimTypes { get; } = ["sub", ClaimTypes.NameIdentifier];

    /// <summary>Gets or sets how single values travel.</summary>
    /// <value>
    /// The default value is <see cref="HeaderValueEncoding.Mcp"/>. It has to equal the sender's. <see cref="HeaderValueEncoding.Utf8"/>
    /// needs a server that reads request headers as UTF-8, as Kestrel does unless its <c>RequestHeaderEncodingSelector</c> selects another.
    /// </value>
    public HeaderValueEncoding Encoding { get; set; }

    /// <summary>Gets or sets the most bytes that one header's value may have on the wire.</summary>
    /// <value>
    /// From 1 to 1,048,576. The default value is 4096, and 16384 with <see cref="IdentityHeadersProfile.AzureAppService"/>, which has all
    /// claims in one header.
    /// </value>
    [Range(1, 1024 * 1024)]
    public int MaxHeaderValueLength
    {
        get => _maxHeaderValueLength ?? HeaderProfile.Find(Profile)?.MaxHeaderValueLength ?? 4096;
        set => _maxHeaderValueLength = value;
    }

    /// <summary>
    /// Gets or sets the most bytes that all identity headers of a request may have on the wire, names and values together.
    /// </summary>
    /// <value>
    /// From 1 to 1,048,576. The default value is 8192, and 20480 with <see cref="IdentityHeadersProfile.AzureAppService"/>. Kestrel's own
    /// limit for all headers is 32 KiB.
    /// </value>
    [Range(1, 1024 * 1024)]
    public int MaxTotalLength
    {
        get => _maxTotalLength ?? HeaderProfile.Find(Profile)?.MaxTotalLength ?? 8192;
        set => _maxTotalLength = value;
    }

    /// <summary>Gets which peers may speak for users, by where they connect from.</summary>
    /// <value>
    /// Empty by default. Each entry is an address such as <c>10.0.0.4</c>; a network such as <c>10.0.0.0/8</c>, without bits of a host;
    /// <c>loopback</c>, for this machine by IPv4 and IPv6; or <c>unix</c>, for a peer on a Unix domain socket of this server. A peer has to
    /// be one of them. Its address is its socket's own, not that of <c>X-Forwarded-For</c>; where the server offers no socket (HTTP/3,
    /// servers other than Kestrel), no peer is trusted by it. An IPv4 address also counts where it arrives mapped to IPv6 (RFC 4291,
    /// section 2.5.5.2). A link-local IPv6 address counts on the link that its scope names, as in <c>fe80::1%2</c>. A network of all
    /// addresses is refused.
    /// </value>
    public TrustedPeerCollection TrustedPeers
    {
        get;
        init
        {
            // A configuration binder sets a single value as the whole list, which must not take the place of other entries, and null, which
            // must not pass for an empty list: validation refuses null as an entry.
            foreach (string peer in (value ?? [null!]).Except(field))
            {
                field.Add(peer);
            }

            _hasSinglePeer |= value is { IsSingleValue: true };
        }
    } = [];

    /// <summary>Gets what a configuration binder finds under the name of <see cref="TrustedPeers"/>, for validation alone.</summary>
    /// <value>
    /// Empty by default. A binder leaves out an entry that is no single value, and the rest of the trust would stand alone. It sees such an
    /// entry here, and validation refuses it. Set <see cref="TrustedPeers"/>.
    /// </value>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [ConfigurationKeyName(nameof(TrustedPeers))]
    public Collection<TrustedPeerCollection> BoundTrustedPeers { get; } = [];

    /// <summary>Gets or sets the predicate that decides whether the peer with this client certificate may speak for users.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: certificates do not count. The predicate gets the certificate of the TLS connection
    /// itself, which Kestrel has already validated unless configured to allow any, and never one that a proxy forwards in a header.
    /// Kestrel has to ask for one: <c>ClientCertificateMode.RequireCertificate</c> or <c>AllowCertificate</c>. An exception counts as no.
    /// </value>
    public Func<X509Certificate2, bool>? IsTrustedCertificate { get; set; }

    /// <summary>Gets the headers of which one has to accompany the identity, with its value.</summary>
    /// <value>
    /// Empty by default. The sender's is <see cref="ClaimInjectionOptions.SharedSecret"/>. Two or more let a secret be replaced while the
    /// system runs. They are compared in constant time.
    /// </value>
    public SharedSecretCollection SharedSecrets
    {
        get;

        // A configuration binder sets null, which must not pass for an empty list: validation refuses a secret without a value.
        init => field = value ?? [new SharedSecret()];
    } = [];

    /// <summary>Gets or sets whether the identity headers leave the request once they are accepted.</summary>
    /// <value>
    /// The default value is <see langword="false"/>. With <see langword="true"/>, code behind authentication (an exception page, logging, a
    /// proxy) finds the user in <c>HttpContext.User</c> alone: a cache policy has to vary by that. With a policy scheme, which may select
    /// by them, they leave when this scheme is asked.
    /// A shared secret always leaves the request, before any middleware sees it.
    /// </value>
    public bool RemoveIdentityHeaders { get; set; }

    /// <summary>Gets or sets the claim type that <see cref="ClaimsIdentity.Name"/> is read from.</summary>
    /// <value>
    /// The default value is <c>name</c>; with a profile of oauth2-proxy, <c>preferred_username</c>. With
    /// <see cref="IdentityHeadersProfile.AzureAppService"/>, what <c>name_typ</c> says comes first, unless this is set.
    /// </value>
    [Required]
    public string NameClaimType
    {
        get => IsNameClaimTypeSet ? _nameClaimType! : HeaderProfile.Find(Profile)?.NameClaimType ?? "name";
        set => (_nameClaimType, IsNameClaimTypeSet) = (value, true);
    }

    /// <summary>Gets or sets the claim type that roles are read from, as by <c>[Authorize(Roles = "…")]</c>.</summary>
    /// <value>
    /// The default value is <c>roles</c>; with a profile that has groups, <c>groups</c>. With
    /// <see cref="IdentityHeadersProfile.AzureAppService"/>, what <c>role_typ</c> says comes first, unless this is set.
    /// </value>
    [Required]
    public string RoleClaimType
    {
        get => IsRoleClaimTypeSet ? _roleClaimType! : HeaderProfile.Find(Profile)?.RoleClaimType ?? "roles";
        set => (_roleClaimType, IsRoleClaimTypeSet) = (value, true);
    }

    /// <summary>Gets or sets what the activity (span) of an HTTP request says of its user, once the headers are accepted.</summary>
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

    /// <summary>Gets whether a configuration binder has left out an entry of <see cref="TrustedPeers"/>.</summary>
    internal bool HasLostTrustedPeer =>
        BoundTrustedPeers.Any(bound => bound is not { IsSingleValue: true }) || (_hasSinglePeer && BoundTrustedPeers.Count > 0);

    /// <summary>Gets whether <see cref="Headers"/> are other than by default.</summary>
    internal bool AreHeadersChanged => !Headers.SequenceEqual(_defaultHeaders);

    /// <summary>Gets whether <see cref="NameClaimType"/> was set.</summary>
    internal bool IsNameClaimTypeSet { get; private set; }

    /// <summary>Gets whether <see cref="RoleClaimType"/> was set.</summary>
    internal bool IsRoleClaimTypeSet { get; private set; }
}
