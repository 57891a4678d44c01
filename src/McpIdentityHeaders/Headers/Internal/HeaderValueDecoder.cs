using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The one way of a header's value back into claims. It accepts the canonical form alone: what <see cref="HeaderValueEncoder"/> makes of the
/// decoded values has to be the same bytes, so that no two headers mean the same and no reader on the way sees another value.
/// </summary>
internal static class HeaderValueDecoder
{
    /// <returns>The values, of which there is at least one and none is blank; null where the header's value is not canonical.</returns>
    internal static IReadOnlyList<string>? Decode(string wire, ClaimValueFormat format, HeaderValueEncoding encoding)
    {
        try
        {
            string[] values = format switch
            {
                ClaimValueFormat.CommaSeparated => Array.ConvertAll(wire.Split(','), Uri.UnescapeDataString),
                ClaimValueFormat.JsonArray => JsonStrings(wire),
                _ => [Single(wire, encoding)],
            };

            return values.Length > 0
                && !Array.Exists(values, string.IsNullOrWhiteSpace)
                && Encode(values, format, encoding).Equals(wire, StringComparison.Ordinal)
                ? values
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException or ArgumentException)
        {
            // No text, no JSON, or half of a surrogate pair in it.
            return null;
        }
    }

    private static string Single(string wire, HeaderValueEncoding encoding) => encoding switch
    {
        HeaderValueEncoding.Percent => Uri.UnescapeDataString(wire),
        HeaderValueEncoding.Utf8 => wire,
        _ => McpHeaderEncoder.DecodeValue(wire) ?? string.Empty,
    };

    private static string[] JsonStrings(string wire)
    {
        using JsonDocument document = JsonDocument.Parse(wire);
        return [.. document.RootElement.EnumerateArray().Select(item => item.GetString() ?? string.Empty)];
    }

    private static string Encode(string[] values, ClaimValueFormat format, HeaderValueEncoding encoding) => format switch
    {
        ClaimValueFormat.CommaSeparated => HeaderValueEncoder.EncodeCommaSeparated(values),
        ClaimValueFormat.JsonArray => HeaderValueEncoder.EncodeJsonArray(values),
        _ => HeaderValueEncoder.EncodeSingle(values[0], encoding),
    };
}
