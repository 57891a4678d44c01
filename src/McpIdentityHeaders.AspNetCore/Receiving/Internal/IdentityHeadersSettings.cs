using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Reads <see cref="IdentityHeadersOptions"/> from configuration.</summary>
internal static class IdentityHeadersSettings
{
    private static readonly SettingsTable<IdentityHeadersOptions> Table = new(
        ("Headers", (options, setting) => ClaimInjectionSettings.AddHeaders(setting, options.Headers)),
        ("Encoding", (options, setting) => options.Encoding = setting.GetEnum<HeaderValueEncoding>()),
        ("MaxHeaderValueLength", (options, setting) => options.MaxHeaderValueLength = setting.GetInt32()),
        ("MaxTotalLength", (options, setting) => options.MaxTotalLength = setting.GetInt32()),
        ("TrustedNetworks", (options, setting) => setting.AddItemsTo(options.TrustedNetworks, ReadNetwork)),
        ("TrustedAddresses", (options, setting) => setting.AddItemsTo(options.TrustedAddresses, ReadAddress)),
        ("SharedSecrets", (options, setting) => setting.AddItemsTo(options.SharedSecrets, ClaimInjectionSettings.ReadSecret)),
        ("NameClaimType", (options, setting) => options.NameClaimType = setting.GetString()),
        ("RoleClaimType", (options, setting) => options.RoleClaimType = setting.GetString()));

    /// <inheritdoc cref="SettingsTable{TOptions}.Bind"/>
    internal static void Bind(IEnumerable<Setting> settings, IdentityHeadersOptions options) => Table.Bind(settings, options);

    // IPNetwork reads 10.0.0.4/8 as 10.0.0.0/8, which would trust far more peers than intended.
    private static IPNetwork ReadNetwork(Setting setting) =>
        setting.GetString().Split('/') is [{ } baseAddress, { } prefixLength]
        && TryParseAddress(baseAddress, out IPAddress? address)
        && !prefixLength.AsSpan().ContainsAnyExceptInRange('0', '9')
        && IPNetwork.TryParse(setting.GetString(), out IPNetwork network)
        && network.BaseAddress.Equals(address)
        ? network
        : throw setting.CreateError("is no network such as '10.0.0.0/8', whose address has no bits beyond the prefix");

    private static IPAddress ReadAddress(Setting setting) => TryParseAddress(setting.GetString(), out IPAddress? address)
        ? address
        : throw setting.CreateError("is no IP address such as '10.0.0.4'");

    // IPAddress reads 10.1 as 10.0.0.1 and [::1]:80 as ::1, which would trust an address other than the one written.
    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.Contains('[', StringComparison.Ordinal)
            : address.ToString() == text);
}
