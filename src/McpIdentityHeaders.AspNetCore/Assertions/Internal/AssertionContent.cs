using System.Buffers.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Checks that an assertion's JSON can be read in one way only, and that each claim has its own type. The token library takes the last of
/// two members, and text for numbers: another reader could see another user.
/// </summary>
internal static class AssertionContent
{
    internal const string NamesOfTwoCases = "two of its claims differ by the case of their names alone";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private static readonly string[] Texts = ["iss", "sub"];

    private static readonly string[] Times = ["iat", "exp"];

    /// <param name="token">The token.</param>
    /// <param name="requiresNotBefore">Whether nbf has to be there. Other programs leave it out; one that is there counts.</param>
    /// <returns>What is wrong; null where nothing is. It quotes nothing of the token.</returns>
    internal static string? GetError(JsonWebToken token, bool requiresNotBefore)
    {
        try
        {
            using JsonDocument header = Parse(token.EncodedHeader);
            using JsonDocument payload = Parse(token.EncodedPayload);
            return GetHeaderError(header.RootElement) ?? GetPayloadError(payload.RootElement, requiresNotBefore);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return "its JSON is not strict, or has a name twice";
        }
    }

    /// <summary>Whether two claims differ by the case of their names alone: ClaimsPrincipal finds either by both names.</summary>
    internal static bool HasNamesOfTwoCases(JsonElement payload)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return payload.EnumerateObject().Any(claim => !names.Add(claim.Name));
    }

    private static JsonDocument Parse(string encoded) => JsonDocument.Parse(Base64Url.DecodeFromChars(encoded), Strict);

    private static string? GetHeaderError(JsonElement header) =>
        header.TryGetProperty("crit", out _) || header.TryGetProperty("b64", out _)
            ? "it has critical header parameters, which no verifier here knows (RFC 7515, section 4.1.11)"
            : null;

    private static string? GetPayloadError(JsonElement payload, bool requiresNotBefore)
    {
        if (Array.Find(Texts, name => !HasText(payload, name)) is { } text)
        {
            return $"it has no {text}, or one that is no text";
        }

        if (Array.Find(Times, name => !HasNumber(payload, name)) is { } time)
        {
            return $"it has no {time}, or one that is no number";
        }

        if (!HasNumber(payload, "nbf") && (requiresNotBefore || payload.TryGetProperty("nbf", out _)))
        {
            return "it has no nbf, or one that is no number";
        }

        if (HasNamesOfTwoCases(payload))
        {
            return NamesOfTwoCases;
        }

        return HasOneAudience(payload) ? null : "it is not for one audience: of several, each could pass it on to another";
    }

    private static bool HasText(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
        && !string.IsNullOrWhiteSpace(value.GetString());

    private static bool HasNumber(JsonElement payload, string name) =>
        payload.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number;

    private static bool HasOneAudience(JsonElement payload) =>
        HasText(payload, "aud")
        || (payload.TryGetProperty("aud", out JsonElement value)
            && value.ValueKind == JsonValueKind.Array
            && value.GetArrayLength() == 1
            && value[0].ValueKind == JsonValueKind.String);
}
