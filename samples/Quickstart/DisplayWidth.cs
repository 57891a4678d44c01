using System.Globalization;
using System.Text;

namespace Quickstart;

/// <summary>How many columns of a terminal a text takes: 山 is one character and two columns.</summary>
internal static class DisplayWidth
{
    // The blocks of Unicode's East Asian wide and full-width characters, roughly: enough for names.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), // Hangul syllables' parts
        (0x2E80, 0xA4CF), // CJK ideographs, kana, full stops and the like
        (0xAC00, 0xD7A3), // Hangul
        (0xF900, 0xFAFF), // CJK ideographs for compatibility
        (0xFE30, 0xFE6F), // CJK punctuation
        (0xFF00, 0xFF60), // full-width ASCII
        (0xFFE0, 0xFFE6), // full-width signs
        (0x1F300, 0x1FAFF), // emoji
        (0x20000, 0x3FFFD), // rarer CJK ideographs
    ];

    public static int Of(string text) => text.EnumerateRunes().Sum(Of);

    public static string Pad(string text, int width) => text + new string(' ', width - Of(text));

    private static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        // An accent that is a character of its own stands above the letter before it.
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => 0,
        _ => Wide.Any(block => rune.Value >= block.First && rune.Value <= block.Last) ? 2 : 1,
    };
}
