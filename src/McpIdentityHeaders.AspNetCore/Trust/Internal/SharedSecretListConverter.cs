using System.ComponentModel;
using System.Globalization;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Reads a single value as a secret that validation refuses. The configuration binder would ignore it, and the rest of the trust would
/// stand alone; an exception here would end up in an error that quotes the value.
/// </summary>
internal sealed class SharedSecretListConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        new SharedSecretCollection { new SharedSecret() };
}
