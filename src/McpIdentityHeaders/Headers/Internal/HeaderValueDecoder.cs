using System.Text;
using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The only decoder of header values. It accepts the canonical form alone: <see cref="HeaderValueEncoder"/> must turn the decoded values
/// into the same bytes, so that no two headers mean the same and no reader on the way sees another value.
/// </summary>
internal static class HeaderValueDecoder
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

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

    /// <param name="wire">The header's value.</param>
    /// <param name="format">One of the object formats.</param>
    /// <param name="properties">What the object may hold, in this order.</param>
    /// <returns>At least one property; null where the header's value is not canonical.</returns>
    internal static ClaimObject? DecodeObject(string wire, ClaimValueFormat format, IReadOnlyList<ClaimObjectProperty> properties)
    {
        try
        {
            string json = format == ClaimValueFormat.JsonObject ? wire : Encoding.UTF8.GetString(Convert.FromBase64String(wire));
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            ClaimObject value = format == ClaimValueFormat.ClientPrincipal
                ? DecodeClientPrincipal(document.RootElement)
                : new ClaimObject(
                    [.. document.RootElement.EnumerateObject().Select(property => (property.Name, DecodeItems(property.Value)))]);

            return value.Properties.Count > 0
                && value.Properties.All(property => property.Values.Count > 0 && !property.Values.Any(string.IsNullOrWhiteSpace))
                && AreInOrder(value, format, properties)
                && HeaderValueEncoder.EncodeObject(value, format).Equals(wire, StringComparison.Ordinal)
                ? value
                : null;
        }
        catch (Exception exception)
            when (exception is FormatException or JsonException or InvalidOperationException or ArgumentException or KeyNotFoundException)
        {
            // No Base64, not JSON, another shape, or a lone surrogate.
            return null;
        }
    }

    private static ClaimObject DecodeClientPrincipal(JsonElement root)
    {
        List<(string Name, IReadOnlyList<string> Values)> properties = [];
        foreach (JsonElement claim in root.GetProperty("claims").EnumerateArray())
        {
            string type = GetString(claim, "typ");
            string value = GetString(claim, "val");
            if (properties is [.., (var last, var values)] && last == type)
            {
                properties[^1] = (type, [.. values, value]);
            }
            else
            {
                properties.Add((type, [value]));
            }
        }

        return new ClaimObject(properties)
        {
            AuthenticationType = GetString(root, "auth_typ"),
            NameClaimType = GetString(root, "name_typ"),
            RoleClaimType = GetString(root, "role_typ"),
        };
    }

    private static string GetString(JsonElement element, string name) => element.GetProperty(name).GetString() ?? string.Empty;

    private static IReadOnlyList<string> DecodeItems(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(item => item.GetString() ?? string.Empty)]
        : [value.GetString() ?? string.Empty];

    /// <summary>Whether each name is one that may be there, once, and behind those that come first.</summary>
    private static bool AreInOrder(ClaimObject value, ClaimValueFormat format, IReadOnlyList<ClaimObjectProperty> properties)
    {
        int next = 0;
        foreach ((string name, _) in value.Properties)
        {
            while (next < properties.Count && !IsNamed(properties[next], name, format))
            {
                next++;
            }

            if (next++ >= properties.Count)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsNamed(ClaimObjectProperty property, string name, ClaimValueFormat format) =>
        format == ClaimValueFormat.ClientPrincipal ? property.ClaimTypes.Contains(name) : property.Name == name;

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
