using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The only encoder of claim values. It returns printable ASCII, or with <see cref="HeaderValueEncoding.Utf8"/> text without control
/// characters, and refuses any other value.
/// </summary>
internal static class HeaderValueEncoder
{
    private const string ItemSyntaxCharacters = "%,\"\\";

    private static readonly SearchValues<char> ItemSyntax = SearchValues.Create(ItemSyntaxCharacters);

    // Printable ASCII without list syntax.
    private static readonly SearchValues<char> PlainInItem =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Except(ItemSyntaxCharacters)]);

    /// <summary>Encodes a single value, which is not blank.</summary>
    /// <exception cref="FormatException">The value cannot be encoded. The message explains why, and does not quote it.</exception>
    internal static string EncodeSingle(string value, HeaderValueEncoding encoding)
    {
        if (EncodePlain(value, encoding) is { } plain)
        {
            return plain;
        }

        ThrowIfLoneSurrogate(value);
        return encoding switch
        {
            HeaderValueEncoding.Percent => EncodePercent(value),
            HeaderValueEncoding.Utf8 => CheckUtf8(value),
            _ => McpHeaderEncoder.EncodeValue(value)!,
        };
    }

    /// <summary>Returns the value itself where it needs no encoding, as nearly all do; null where it does.</summary>
    internal static string? EncodePlain(string value, HeaderValueEncoding encoding) =>
        IsPlain(value) && !(encoding == HeaderValueEncoding.Percent && value.Contains('%', StringComparison.Ordinal)) ? value : null;

    /// <summary>Encodes the items of a list, none of them blank.</summary>
    /// <exception cref="FormatException">An item cannot be encoded. The message explains why, and does not quote it.</exception>
    internal static string EncodeCommaSeparated(ReadOnlySpan<string> items)
    {
        if (ArePlainItems(items))
        {
            return string.Join(',', items!);
        }

        var list = new StringBuilder();
        foreach (string item in items)
        {
            if (list.Length > 0)
            {
                list.Append(',');
            }

            ThrowIfLoneSurrogate(item);
            AppendPercentEncoded(list, item, ItemSyntax);
        }

        return list.ToString();
    }

    /// <summary>Encodes the items of a list, none of them blank, with System.Text.Json's default encoder, which writes ASCII.</summary>
    /// <exception cref="FormatException">An item cannot be encoded. The message explains why, and does not quote it.</exception>
    internal static string EncodeJsonArray(ReadOnlySpan<string> items)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartArray();
            foreach (string item in items)
            {
                ThrowIfLoneSurrogate(item);
                writer.WriteStringValue(item);
            }

            writer.WriteEndArray();
        }

        return Encoding.ASCII.GetString(json.WrittenSpan);
    }

    /// <summary>Encodes an object, none of its values blank, with System.Text.Json's default encoder, which writes ASCII.</summary>
    /// <exception cref="FormatException">A value cannot be encoded. The message explains why, and does not quote it.</exception>
    internal static string EncodeObject(ClaimObject value, ClaimValueFormat format)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (format == ClaimValueFormat.ClientPrincipal)
            {
                WriteClientPrincipal(writer, value);
            }
            else
            {
                WriteProperties(writer, value);
            }

            writer.WriteEndObject();
        }

        return format == ClaimValueFormat.JsonObject
            ? Encoding.ASCII.GetString(json.WrittenSpan)
            : Convert.ToBase64String(json.WrittenSpan);
    }

    /// <summary>Whether the value is printable ASCII without outer spaces, and does not start like the wrapper: with =.</summary>
    private static bool IsPlain(string value) => HasPlainEnds(value) && !value.AsSpan().ContainsAnyExceptInRange(' ', '~');

    private static bool ArePlainItems(ReadOnlySpan<string> items)
    {
        foreach (string item in items)
        {
            if (!HasPlainEnds(item) || item.AsSpan().ContainsAnyExcept(PlainInItem))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasPlainEnds(string value) => value[0] is not (' ' or '=') && value[^1] is not ' ';

    private static string EncodePercent(string value)
    {
        var encoded = new StringBuilder(value.Length + 16);
        AppendPercentEncoded(encoded, value, syntax: null);
        return encoded.ToString();
    }

    /// <summary>Encodes outer spaces, a leading =, %, all but printable ASCII, and the characters in <paramref name="syntax"/>.</summary>
    private static void AppendPercentEncoded(StringBuilder encoded, string value, SearchValues<char>? syntax)
    {
        int inner = value.AsSpan().IndexOfAnyExcept(' ');
        int end = value.AsSpan().LastIndexOfAnyExcept(' ') + 1;

        Span<byte> utf8 = stackalloc byte[4];
        int index = 0;
        foreach (Rune rune in value.EnumerateRunes())
        {
            bool escape = rune.Value is < ' ' or > '~' or '%'
                || index < inner
                || index >= end
                || (index == 0 && rune.Value == '=')
                || (syntax is not null && rune.IsBmp && syntax.Contains((char)rune.Value));

            if (escape)
            {
                int length = rune.EncodeToUtf8(utf8);
                foreach (byte b in utf8[..length])
                {
                    encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
                }
            }
            else
            {
                encoded.Append((char)rune.Value);
            }

            index += rune.Utf16SequenceLength;
        }
    }

    private static string CheckUtf8(string value)
    {
        if (value.AsSpan().ContainsAnyInRange('\u0000', '\u001F') || value.AsSpan().ContainsAnyInRange('\u007F', '\u009F'))
        {
            throw new FormatException("a value has a control character, which the Utf8 encoding cannot carry; use Mcp or Percent");
        }

        if (value[0] is ' ' || value[^1] is ' ')
        {
            throw new FormatException("a value has an outer space, which the Utf8 encoding cannot carry; use Mcp or Percent");
        }

        if (value.StartsWith("=?base64?", StringComparison.Ordinal) && value.EndsWith("?=", StringComparison.Ordinal))
        {
            throw new FormatException(
                "a value looks like the =?base64?…?= wrapper, which the Utf8 encoding cannot carry; use Mcp or Percent");
        }

        return value;
    }

    private static void WriteProperties(Utf8JsonWriter writer, ClaimObject value)
    {
        foreach ((string name, IReadOnlyList<string> values) in value.Properties)
        {
            ThrowIfLoneSurrogate(name);
            writer.WritePropertyName(name);
            if (values.Count > 1)
            {
                writer.WriteStartArray();
            }

            foreach (string item in values)
            {
                ThrowIfLoneSurrogate(item);
                writer.WriteStringValue(item);
            }

            if (values.Count > 1)
            {
                writer.WriteEndArray();
            }
        }
    }

    /// <summary>Writes what App Service does, in the order of its documentation.</summary>
    private static void WriteClientPrincipal(Utf8JsonWriter writer, ClaimObject value)
    {
        WriteString(writer, "auth_typ", value.AuthenticationType);
        writer.WriteStartArray("claims");
        foreach ((string type, IReadOnlyList<string> values) in value.Properties)
        {
            foreach (string item in values)
            {
                writer.WriteStartObject();
                WriteString(writer, "typ", type);
                WriteString(writer, "val", item);
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
        WriteString(writer, "name_typ", value.NameClaimType);
        WriteString(writer, "role_typ", value.RoleClaimType);
    }

    private static void WriteString(Utf8JsonWriter writer, string name, string value)
    {
        ThrowIfLoneSurrogate(value);
        writer.WriteString(name, value);
    }

    private static void ThrowIfLoneSurrogate(string value)
    {
        if (!UnicodeText.IsWellFormed(value))
        {
            throw UnicodeText.NotWellFormed();
        }
    }
}
