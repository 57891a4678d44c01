using System.ComponentModel;
using System.Globalization;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Reads a single value as a list of one. The configuration binder would ignore it, and the rest of the trust would stand
/// alone.
/// </summary>
internal sealed class TrustedPeerListConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        var peers = new TrustedPeerCollection { IsSingleValue = true };
        peers.Add((string)value);
        return peers;
    }
}
