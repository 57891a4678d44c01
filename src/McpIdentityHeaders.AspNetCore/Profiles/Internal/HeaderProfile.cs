using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>What one proxy's documented headers become, and how they are encoded.</summary>
internal sealed class HeaderProfile
{
    private const string Email = "email";
    private const string Groups = "groups";
    private const string Name = "name";
    private const string UserName = "preferred_username";

    private static readonly Dictionary<IdentityHeadersProfile, HeaderProfile> All = new()
    {
        // Leaves out a header that has no value; the next three send it empty.
        [IdentityHeadersProfile.OAuth2Proxy] = CreateOAuth2Proxy("X-Forwarded-"),
        [IdentityHeadersProfile.OAuth2ProxyAuthRequest] = CreateOAuth2Proxy("X-Auth-Request-"),
        [IdentityHeadersProfile.Authelia] = new()
        {
            RoleClaimType = Groups,
            CreateHeaders = subject =>
            [
                Subject("Remote-User", subject),
                Text("Remote-Name", Name, ignoresBlank: true),
                Text("Remote-Email", Email, ignoresBlank: true),
                List("Remote-Groups", Groups, ',', ignoresBlank: true),
            ],
        },
        [IdentityHeadersProfile.Authentik] = new()
        {
            RoleClaimType = Groups,
            CreateHeaders = subject =>
            [
                Subject("X-authentik-uid", subject),
                Text("X-authentik-username", UserName, ignoresBlank: true),
                Text("X-authentik-name", Name, ignoresBlank: true),
                Text("X-authentik-email", Email, ignoresBlank: true),
                List("X-authentik-groups", Groups, '|', ignoresBlank: true),
                List("X-authentik-entitlements", "entitlements", '|', ignoresBlank: true),
            ],
        },
        [IdentityHeadersProfile.Tailscale] = new()
        {
            CreateHeaders = subject =>
            [
                new ReceivedHeader("Tailscale-User-Login", subject, QEncoding.Decode) { IsSubject = true },
                new ReceivedHeader("Tailscale-User-Name", Name, QEncoding.Decode) { IgnoresBlank = true },
                Text("Tailscale-User-Profile-Pic", "picture", ignoresBlank: true),
            ],
        },
        [IdentityHeadersProfile.AzureAppService] = new()
        {
            NameClaimType = UserName,
            MaxHeaderValueLength = 16 * 1024,
            MaxTotalLength = 20 * 1024,
            CreateHeaders = subject =>
            [
                Subject("X-MS-CLIENT-PRINCIPAL-ID", subject),
                new ReceivedHeader("X-MS-CLIENT-PRINCIPAL", ClientPrincipal.Read),
                new ReceivedHeader("X-MS-CLIENT-PRINCIPAL-NAME", UserName, DecodeText) { IsFallback = true },
                new ReceivedHeader("X-MS-CLIENT-PRINCIPAL-IDP", "idp", DecodeText) { IsIssuer = true, IsFallback = true },
            ],
        },
    };

    /// <summary>Gets the claim type of the user's name by default; null for that of the options.</summary>
    internal string? NameClaimType { get; private init; }

    /// <summary>Gets the claim type of roles by default; null for that of the options.</summary>
    internal string? RoleClaimType { get; private init; }

    internal int? MaxHeaderValueLength { get; private init; }

    internal int? MaxTotalLength { get; private init; }

    /// <summary>Gets what makes the headers, in the order in which they are read, given the subject's claim type.</summary>
    internal required Func<string, ReceivedHeader[]> CreateHeaders { get; init; }

    /// <returns>Null where none is set, or it is unknown, which validation refuses.</returns>
    internal static HeaderProfile? Find(IdentityHeadersProfile? profile) => profile is { } known ? All.GetValueOrDefault(known) : null;

    private static HeaderProfile CreateOAuth2Proxy(string prefix) => new()
    {
        NameClaimType = UserName,
        RoleClaimType = Groups,
        CreateHeaders = subject =>
        [
            Subject($"{prefix}User", subject),
            Text($"{prefix}Email", Email),
            Text($"{prefix}Preferred-Username", UserName),
            List($"{prefix}Groups", Groups, ','),
        ],
    };

    private static ReceivedHeader Subject(string name, string claimType) => new(name, claimType, DecodeText) { IsSubject = true };

    private static ReceivedHeader Text(string name, string claimType, bool ignoresBlank = false) =>
        new(name, claimType, DecodeText) { IgnoresBlank = ignoresBlank };

    private static ReceivedHeader List(string name, string claimType, char separator, bool ignoresBlank = false) =>
        new(name, claimType, value => DecodeList(value, separator)) { IgnoresBlank = ignoresBlank, IsList = true };

    /// <summary>Reads text that is sent as its UTF-8 bytes.</summary>
    private static IReadOnlyList<string>? DecodeText(string value) =>
        HeaderValueDecoder.Decode(value, ClaimValueFormat.Single, HeaderValueEncoding.Utf8);

    /// <summary>Reads items that were joined as they are. One with the separator in it has become two before it came here.</summary>
    private static string[]? DecodeList(string value, char separator)
    {
        string[] items = value.Split(separator);
        return Array.TrueForAll(items, item => !string.IsNullOrWhiteSpace(item) && DecodeText(item) is not null) ? items : null;
    }
}
