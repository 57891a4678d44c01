using System.Security.Claims;
using System.Text.Json;

namespace McpIdentityHeaders.Internal;

/// <summary>Claims whose value is JSON: an array of items, or an object with the values somewhere within.</summary>
internal static class JsonClaim
{
    // Microsoft.IdentityModel's JsonClaimValueTypes.JsonArray. A string that merely looks like an array is a string.
    private const string ArrayValueType = "JSON_ARRAY";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a claim's first value: its first item if it is JSON, else itself.</summary>
    /// <exception cref="FormatException">An item is no Unicode text.</exception>
    internal static string? ReadFirst(Claim claim, string[]? path)
    {
        if (!IsJson(claim, path))
        {
            return claim.Value;
        }

        List<string> items = [];
        AddItemsWithin(claim, path, items);
        return items.FirstOrDefault();
    }

    /// <summary>Adds a claim's values: its items if it is JSON, else itself. A claim that does not parse has none.</summary>
    /// <exception cref="FormatException">An item is no Unicode text.</exception>
    internal static void AddItems(Claim claim, string[]? path, List<string> items)
    {
        if (IsJson(claim, path))
        {
            AddItemsWithin(claim, path, items);
        }
        else
        {
            items.Add(claim.Value);
        }
    }

    private static bool IsJson(Claim claim, string[]? path) => path is not null || claim.ValueType == ArrayValueType;

    private static void AddItemsWithin(Claim claim, string[]? path, List<string> items)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(claim.Value, Strict);
            if (Follow(document.RootElement, path) is { } found)
            {
                AddFound(found, items);
            }
        }
        catch (JsonException)
        {
            // Absent, by the contract.
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

    private static void AddFound(JsonElement found, List<string> items)
    {
        if (found.ValueKind != JsonValueKind.Array)
        {
            AddItem(found, items);
            return;
        }

        foreach (JsonElement item in found.EnumerateArray())
        {
            AddItem(item, items);
        }
    }

    private static void AddItem(JsonElement element, List<string> items)
    {
        string? item = element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => element.GetRawText(),
            _ => null,
        };

        if (!string.IsNullOrWhiteSpace(item))
        {
            items.Add(item);
        }
    }
}
