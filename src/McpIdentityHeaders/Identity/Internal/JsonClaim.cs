using System.Security.Claims;
using System.Text.Json;

namespace McpIdentityHeaders.Internal;

/// <summary>Claims with a value in JSON: an array of items, or an object with the values somewhere within.</summary>
internal static class JsonClaim
{
    // Microsoft.IdentityModel's JsonClaimValueTypes.JsonArray. A string that merely looks like an array is a string.
    private const string ArrayValueType = "JSON_ARRAY";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a claim's first value: its first item if it is JSON, else itself.</summary>
    /// <exception cref="FormatException">An item is no Unicode text.</exception>
    internal static string? ReadFirst(Claim claim, string[]? path) =>
        IsJson(claim, path) ? ReadItems(claim, path).FirstOrDefault() : claim.Value;

    /// <summary>Whether the claim is a JSON array with more than one value, or with one that is no text.</summary>
    internal static bool HasSeveralValues(Claim claim)
    {
        try
        {
            return IsJson(claim, path: null) && ReadItems(claim, path: null).Distinct(StringComparer.Ordinal).Skip(1).Any();
        }
        catch (FormatException)
        {
            return true;
        }
    }

    /// <summary>Adds a claim's values: its items if it is JSON, else itself. A claim that does not parse has none.</summary>
    /// <exception cref="FormatException">An item is no Unicode text.</exception>
    internal static void AddItems(Claim claim, string[]? path, List<string> items)
    {
        if (IsJson(claim, path))
        {
            items.AddRange(ReadItems(claim, path));
        }
        else
        {
            items.Add(claim.Value);
        }
    }

    private static bool IsJson(Claim claim, string[]? path) => path is not null || claim.ValueType == ArrayValueType;

    private static string[] ReadItems(Claim claim, string[]? path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(claim.Value, Strict);
            return Follow(document.RootElement, path) switch
            {
                { ValueKind: JsonValueKind.Array } array => [.. array.EnumerateArray().Select(ReadItem).OfType<string>()],
                { } element => ReadItem(element) is { } item ? [item] : [],
                null => [],
            };
        }
        catch (JsonException)
        {
            // Absent, by the contract.
            return [];
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // Half of a surrogate pair, as it is in the text or escaped in it: in a name that is looked at, or in a value.
            throw UnicodeText.NotWellFormed();
        }
    }

    private static JsonElement? Follow(JsonElement element, string[]? path)
    {
        foreach (string name in path ?? [])
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element;
    }

    private static string? ReadItem(JsonElement element)
    {
        string? item = element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => element.GetRawText(),
            _ => null,
        };

        return string.IsNullOrWhiteSpace(item) ? null : item;
    }
}
