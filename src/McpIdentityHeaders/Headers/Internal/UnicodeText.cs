using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Text that is not well-formed UTF-16 has no UTF-8 form; encoders would quietly put U+FFFD in its place.</summary>
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

    /// <summary>The error for a value with half of a surrogate pair, which it does not quote.</summary>
    internal static FormatException NotWellFormed() => new("a value has half of a surrogate pair, which is no Unicode text");
}
