using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The one way of a claim's value into a header. What it gives is printable ASCII throughout, or with <see cref="HeaderValueEncoding.Utf8"/>
/// at least free of control characters; what it cannot give so, it refuses.
/// </summary>
internal static class HeaderValueEncoder
{
    private static readonly SearchValues<char> ItemSyntax = SearchValues.Create("%,\"\\");

    /// <summary>Encodes a single value, which is not blank.</summary>
    /// <exception cref="FormatException">The value cannot be sent so. The message says why, and does not quote it.</exception>
    internal static string EncodeSingle(string value, HeaderValueEncoding encoding)
    {
        bool printableAscii = IsPrintableAscii(value);
        if (!printableAscii)
        {
            RefuseLoneSurrogates(value);
        }

        return encoding switch
        {
            HeaderValueEncoding.Percent => EncodePercent(value, printableAscii),
            HeaderValueEncoding.Utf8 => CheckUtf8(value),
            _ => McpHeaderEncoder.EncodeValue(value)!,
        };
    }

    /// <summary>Encodes the items of a list, of which none is blank.</summary>
    /// <exception cref="FormatException">An item cannot be sent so. The message says why, and does not quote it.</exception>
    internal static string EncodeCommaSeparated(IReadOnlyList<string> items)
    {
        if (items is [{ } only] && IsPlainItem(only))
        {
            return only;
        }

        var list = new StringBuilder();
        foreach (string item in items)
        {
            if (list.Length > 0)
            {
                list.Append(',');
            }

            if (IsPlainItem(item))
            {
                list.Append(item);
            }
            else
            {
                RefuseLoneSurrogates(item);
                AppendPercentEncoded(list, item, ItemSyntax);
            }
        }

        return list.ToString();
    }

    /// <summary>Encodes the items of a list, of which none is blank, as System.Text.Json's default encoder writes them: in ASCII.</summary>
    /// <exception cref="FormatException">An item cannot be sent so. The message says why, and does not quote it.</exception>
    internal static string EncodeJsonArray(IReadOnlyList<string> items)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartArray();
            foreach (string item in items)
            {
                RefuseLoneSurrogates(item);
                writer.WriteStringValue(item);
            }

            writer.WriteEndArray();
        }

        return Encoding.ASCII.GetString(json.WrittenSpan);
    }

    private static bool IsPrintableAscii(string value) => !value.AsSpan().ContainsAnyExceptInRange(' ', '~');

    private static bool IsPlainItem(string item) =>
        IsPrintableAscii(item) && !item.AsSpan().ContainsAny(ItemSyntax) && item[0] is not (' ' or '=') && item[^1] is not ' ';

    private static string EncodePercent(string value, bool printableAscii)
    {
        if (printableAscii && !value.Contains('%', StringComparison.Ordinal) && value[0] is not (' ' or '=') && value[^1] is not ' ')
        {
            return value;
        }

        var encoded = new StringBuilder(value.Length + 16);
        AppendPercentEncoded(encoded, value, syntax: null);
        return encoded.ToString();
    }

    /// <summary>Encodes outer spaces, a leading =, %, what is not printable ASCII, and what <paramref name="syntax"/> names.</summary>
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
            throw new FormatException("a value looks like the =?base64?…?= wrapper, which the Utf8 encoding cannot carry; use Mcp or Percent");
        }

        return value;
    }

    private static void RefuseLoneSurrogates(string value)
    {
        if (!UnicodeText.IsWellFormed(value))
        {
            throw UnicodeText.NotWellFormed();
        }
    }
}
