using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Reads <see cref="IdentityHeadersOptions"/> from configuration: what is not there stays as it is.</summary>
internal static class IdentityHeadersSettings
{
    private const string Known = "Headers, Encoding, MaxHeaderValueLength, MaxTotalLength, TrustedNetworks, TrustedAddresses, SharedSecrets, "
        + "NameClaimType and RoleClaimType";

    /// <exception cref="InvalidOperationException">A setting is not known, or not of its type. The message has its path.</exception>
    internal static void Bind(IEnumerable<Setting> settings, IdentityHeadersOptions options)
    {
        foreach (Setting setting in settings)
        {
            Bind(setting, options);
        }
    }

    private static void Bind(Setting setting, IdentityHeadersOptions options)
    {
        switch (setting.Key.ToUpperInvariant())
        {
            case "HEADERS":
                AddAll(setting, ClaimInjectionSettings.Header, options.Headers);
                break;

            case "TRUSTEDNETWORKS":
                AddAll(setting, Network, options.TrustedNetworks);
                break;

            case "TRUSTEDADDRESSES":
                AddAll(setting, Address, options.TrustedAddresses);
                break;

            case "SHAREDSECRETS":
                AddAll(setting, ClaimInjectionSettings.Secret, options.SharedSecrets);
                break;

            case "ENCODING":
                options.Encoding = setting.Choice<HeaderValueEncoding>();
                break;

            case "MAXHEADERVALUELENGTH":
                options.MaxHeaderValueLength = setting.Number();
                break;

            case "MAXTOTALLENGTH":
                options.MaxTotalLength = setting.Number();
                break;

            case "NAMECLAIMTYPE":
                options.NameClaimType = setting.Text();
                break;

            case "ROLECLAIMTYPE":
                options.RoleClaimType = setting.Text();
                break;

            default:
                throw setting.Unknown(Known);
        }
    }

    private static void AddAll<T>(Setting list, Func<Setting, T> read, ICollection<T> to)
    {
        foreach (Setting item in list.Children())
        {
            to.Add(read(item));
        }
    }

    // IPNetwork takes 10.0.0.4/8 for 10.0.0.0/8, which trusts far more than may have been meant.
    private static IPNetwork Network(Setting setting) =>
        setting.Text().Split('/') is [{ } baseAddress, { } prefixLength]
        && TryAddress(baseAddress, out IPAddress? address)
        && !prefixLength.AsSpan().ContainsAnyExceptInRange('0', '9')
        && IPNetwork.TryParse(setting.Text(), out IPNetwork network)
        && network.BaseAddress.Equals(address)
        ? network
        : throw setting.Invalid("is no network such as '10.0.0.0/8', whose address has no bits beyond the prefix");

    private static IPAddress Address(Setting setting) => TryAddress(setting.Text(), out IPAddress? address)
        ? address
        : throw setting.Invalid("is no IP address such as '10.0.0.4'");

    // IPAddress reads 10.1 as 10.0.0.1, and [::1]:80 as ::1, which hardly anyone means.
    private static bool TryAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? !text.Contains('[', StringComparison.Ordinal) : address.ToString() == text);
}
