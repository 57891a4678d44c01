using System.Text.Json;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Reads <c>X-MS-CLIENT-PRINCIPAL</c>: Base64 of a JSON object with <c>auth_typ</c>, <c>name_typ</c>, <c>role_typ</c> and <c>claims</c>, a
/// list of objects with <c>typ</c> and <c>val</c>.
/// </summary>
internal static class ClientPrincipal
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <returns>Whether it could be read, whole.</returns>
    internal static bool Read(string value, ReceivedClaims claims)
    {
        try
        {
            byte[] json = Convert.FromBase64String(value);
            if (Convert.ToBase64String(json) != value)
            {
                return false;
            }

            using JsonDocument document = JsonDocument.Parse(json, Strict);
            return Read(document.RootElement, claims);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            // No Base64, no JSON, or half of a surrogate pair.
            return false;
        }
    }

    private static bool Read(JsonElement principal, ReceivedClaims claims)
    {
        if (principal.ValueKind != JsonValueKind.Object
            || !TryGetText(principal, "auth_typ", isRequired: true, out _)
            || !TryGetText(principal, "name_typ", isRequired: false, out string? nameClaimType)
            || !TryGetText(principal, "role_typ", isRequired: false, out string? roleClaimType)
            || !principal.TryGetProperty("claims", out JsonElement list)
            || list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (JsonElement claim in list.EnumerateArray())
        {
            if (claim.ValueKind != JsonValueKind.Object
                || !TryGetText(claim, "typ", isRequired: true, out string? type)
                || !TryGetText(claim, "val", isRequired: false, out string? text))
            {
                return false;
            }

            // X-MS-CLIENT-PRINCIPAL-ID is the subject. A token's own sub may be another: two values would be two users.
            if (text is not null && type != claims.SubjectClaimType)
            {
                claims.Add(type!, text);
            }
        }

        (claims.NameClaimType, claims.RoleClaimType) = (nameClaimType, roleClaimType);
        return true;
    }

    /// <summary>Gets a property's text; null where there is none, or it is blank. False where it is no text.</summary>
    private static bool TryGetText(JsonElement element, string name, bool isRequired, out string? text)
    {
        text = null;
        if (!element.TryGetProperty(name, out JsonElement property) || property.ValueKind == JsonValueKind.Null)
        {
            return !isRequired;
        }

        if (property.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        text = property.GetString() is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;
        return text is not null || !isRequired;
    }
}
