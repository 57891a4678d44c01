using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The only decoder of header values. It accepts the canonical form alone: <see cref="HeaderValueEncoder"/> must turn the decoded values
/// into the same bytes, so that no two headers mean the same and no reader on the way sees another value.
/// </summary>
internal static class HeaderValueDecoder
{
    /// <returns>At least one value, none blank; null where the header's value is not canonical.</returns>
    internal static IReadOnlyList<string>? Decode(string wire, ClaimValueFormat format, HeaderValueEncoding encoding)
    {
        try
        {
            string[] values = format switch
            {
                ClaimValueFormat.CommaSeparated => Array.ConvertAll(wire.Split(','), Uri.UnescapeDataString),
                ClaimValueFormat.JsonArray => DecodeJsonArray(wire),
                _ => [DecodeSingle(wire, encoding)],
            };

            return values.Length > 0
                && !Array.Exists(values, string.IsNullOrWhiteSpace)
                && Encode(values, format, encoding).Equals(wire, StringComparison.Ordinal)
                ? values
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException or ArgumentException)
        {
            // Not text, not JSON, or a lone surrogate.
            return null;
        }
    }

    private static string DecodeSingle(string wire, HeaderValueEncoding encoding) => encoding switch
    {
        HeaderValueEncoding.Percent => Uri.UnescapeDataString(wire),
        HeaderValueEncoding.Utf8 => wire,
        _ => McpHeaderEncoder.DecodeValue(wire) ?? string.Empty,
    };

    private static string[] DecodeJsonArray(string wire)
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
