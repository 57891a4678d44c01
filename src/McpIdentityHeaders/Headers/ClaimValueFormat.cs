namespace McpIdentityHeaders;

/// <summary>How many of a claim's values a header carries, and in which form.</summary>
public enum ClaimValueFormat
{
    /// <summary>The first value, in the client's <see cref="ClaimInjectionOptions.Encoding"/>.</summary>
    Single,

    /// <summary>
    /// All values, joined by <c>,</c>. Within a value, everything with a meaning in list syntax is percent-encoded.
    /// </summary>
    CommaSeparated,

    /// <summary>All values, as a JSON array of strings in ASCII.</summary>
    JsonArray,

    /// <summary>
    /// All values of all claim types, as one JSON object in ASCII: a property for each claim type, named as in a JWT, with a string or, of
    /// several values, an array of strings.
    /// </summary>
    JsonObject,

    /// <summary>The JSON object of <see cref="JsonObject"/>, as Base64 (RFC 4648, section 4).</summary>
    Base64JsonObject,

    /// <summary>
    /// All values of all claim types, as the client principal of Azure App Service in <c>X-MS-CLIENT-PRINCIPAL</c>: Base64 of a JSON object
    /// with <c>auth_typ</c>, <c>claims</c>, <c>name_typ</c> and <c>role_typ</c>.
    /// </summary>
    ClientPrincipal,
}
