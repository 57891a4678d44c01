using System.Globalization;
using System.Text;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The Q encoding of RFC 2047, section 4.2, in the form that Tailscale sends: printable ASCII as it is; else encoded words of UTF-8, each
/// as long as it may be (section 2: 75 characters), without a character cut in two, and a space between them.
/// </summary>
internal static class QEncoding
{
    private const string Start = "=?utf-8?q?";
    private const string End = "?=";
    private const int MaxContentLength = 75 - 10 - 2;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>The one value; null where the text is not in this form, so that no two headers mean the same.</returns>
    internal static IReadOnlyList<string>? Decode(string wire)
    {
        if (!wire.StartsWith(Start, StringComparison.Ordinal) || !wire.EndsWith(End, StringComparison.Ordinal))
        {
            return Ascii.IsValid(wire) ? HeaderValueDecoder.Decode(wire, ClaimValueFormat.Single, HeaderValueEncoding.Utf8) : null;
        }

        return TryDecodeWords(wire) is { } value && !string.IsNullOrWhiteSpace(value) && !Ascii.IsValid(value) && Encode(value) == wire
            ? [value]
            : null;
    }

    private static string? TryDecodeWords(string wire)
    {
        List<byte> bytes = [];
        foreach (string word in wire.Split(' '))
        {
            if (word.Length < Start.Length + End.Length || !TryAddContent(word[Start.Length..^End.Length], bytes))
            {
                return null;
            }
        }

        try
        {
            return StrictUtf8.GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static bool TryAddContent(string content, List<byte> bytes)
    {
        for (int index = 0; index < content.Length; index++)
        {
            char c = content[index];
            if (c != '=')
            {
                bytes.Add((byte)(c == '_' ? ' ' : c));
                continue;
            }

            if (index + 2 >= content.Length
                || !byte.TryParse(
                    content.AsSpan(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte escaped))
            {
                return false;
            }

            bytes.Add(escaped);
            index += 2;
        }

        return true;
    }

    private static string Encode(string value)
    {
        var encoded = new StringBuilder(Start);
        int length = 0;
        foreach (Rune rune in value.EnumerateRunes())
        {
            string text = EncodeRune(rune);
            if (length + text.Length > MaxContentLength)
            {
                encoded.Append(End).Append(' ').Append(Start);
                length = 0;
            }

            encoded.Append(text);
            length += text.Length;
        }

        return encoded.Append(End).ToString();
    }

    private static string EncodeRune(Rune rune)
    {
        if (rune.Value == ' ')
        {
            return "_";
        }

        if (rune.Value is > ' ' and <= '~' and not ('=' or '?' or '_'))
        {
            return rune.ToString();
        }

        Span<byte> utf8 = stackalloc byte[4];
        return string.Concat(utf8[..rune.EncodeToUtf8(utf8)].ToArray().Select(b => $"={b:X2}"));
    }
}
