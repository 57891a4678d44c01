using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks for well-formed UTF-16. Encoders silently replace a lone surrogate with U+FFFD, which changes the value.</summary>
internal static class UnicodeText
{
    internal static bool IsWellFormed(string value)
    {
        int index = 0;
        while (value.AsSpan(index).IndexOfAnyInRange('\uD800', '\uDFFF') is >= 0 and int offset)
        {
            index += offset;
            if (!Rune.TryGetRuneAt(value, index, out _))
            {
                return false;
            }

            index += 2;
        }

        return true;
    }

    /// <summary>Creates the error for a value with a lone surrogate. It does not quote the value.</summary>
    internal static FormatException NotWellFormed() => new("a value has half of a surrogate pair, which is no Unicode text");
}
