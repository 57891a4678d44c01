using System.Text;
using CsCheck;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Text of all planes, and dense in what has a meaning to a header, a list or a wrapper.</summary>
internal static class ValueGenerators
{
    private static readonly Gen<string> Piece = Gen.Frequency(
        (4, OneOf("\r\n", "\n", "\0", "\t", " ", "  ", ",", "%", "%2C", "=", "\"", "\\", ":", ";", "\u0085", "\u007F", "\u00A0", "\uFEFF")),
        (1, OneOf("=?base64?", "?=", "=?base64?YQ==?=", "[\"a\"]", "%C3%A9", "\\u0061")),
        (4, Gen.Char[' ', '~'].Select(c => c.ToString())),
        (3, Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).Select(value => new Rune(value).ToString())));

    /// <summary>Gets values that are not blank.</summary>
    public static Gen<string> Text { get; } = Piece.Array[1, 10].Select(string.Concat).Where(text => !string.IsNullOrWhiteSpace(text));

    /// <summary>Gets values that Utf8 leaves as they are.</summary>
    public static Gen<string> Utf8Text { get; } = Text
        .Select(text => string.Concat(text.Where(c => !char.IsControl(c))).Trim(' '))
        .Where(text => !string.IsNullOrWhiteSpace(text)
            && !(text.StartsWith("=?base64?", StringComparison.Ordinal) && text.EndsWith("?=", StringComparison.Ordinal)));

    /// <summary>Gets a change to a value on the wire: a place in it, how many bytes go, and which come.</summary>
    public static Gen<(double Place, int Removed, string Added)> Mutation { get; } = Gen.Select(
        Gen.Double[0, 1],
        Gen.Int[0, 2],
        Gen.Frequency(
            (3, OneOf(
                "", "=", "==", "%", "%2C", "%2c", "%41", ",", "\"", "\\", " ", "?=", "=?base64?",
                "A", "a", "/", "+", "[", "]", "u00e9", "%C0%80", "\u00C3\u00A9")),
            (1, Gen.Char['!', '\u00FF'].Select(c => c.ToString()))));

    /// <summary>Generates one of these.</summary>
    public static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
