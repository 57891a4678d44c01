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
    private const string ItemSyntaxCharacters = "%,\"\\";

    private static readonly SearchValues<char> ItemSyntax = SearchValues.Create(ItemSyntaxCharacters);

    // Printable ASCII without the syntax of a list.
    private static readonly SearchValues<char> PlainInItem =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Except(ItemSyntaxCharacters)]);

    /// <summary>Encodes a single value, which is not blank.</summary>
    /// <exception cref="FormatException">The value cannot be sent so. The message says why, and does not quote it.</exception>
    internal static string EncodeSingle(string value, HeaderValueEncoding encoding)
    {
        if (EncodePlain(value, encoding) is { } plain)
        {
            return plain;
        }

        RefuseLoneSurrogates(value);
        return encoding switch
        {
            HeaderValueEncoding.Percent => EncodePercent(value),
            HeaderValueEncoding.Utf8 => CheckUtf8(value),
            _ => McpHeaderEncoder.EncodeValue(value)!,
        };
    }

    /// <summary>Gives a single value itself where the encoding leaves it as it is, as each does with nearly all; null where it does not.</summary>
    internal static string? EncodePlain(string value, HeaderValueEncoding encoding) =>
        IsPlain(value) && !(encoding == HeaderValueEncoding.Percent && value.Contains('%', StringComparison.Ordinal)) ? value : null;

    /// <summary>Encodes the items of a list, of which none is blank.</summary>
    /// <exception cref="FormatException">An item cannot be sent so. The message says why, and does not quote it.</exception>
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

            RefuseLoneSurrogates(item);
            AppendPercentEncoded(list, item, ItemSyntax);
        }

        return list.ToString();
    }

    /// <summary>Encodes the items of a list, of which none is blank, as System.Text.Json's default encoder writes them: in ASCII.</summary>
    /// <exception cref="FormatException">An item cannot be sent so. The message says why, and does not quote it.</exception>
    internal static string EncodeJsonArray(ReadOnlySpan<string> items)
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

    /// <summary>Whether it is printable ASCII without outer spaces, and cannot be taken for the wrapper, which begins with =.</summary>
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
