namespace McpIdentityHeaders.Internal;

/// <summary>The rules for a map of headers, the same for sender and receiver.</summary>
internal static class ClaimHeaderRules
{
    internal static IEnumerable<string> GetValidationErrors(ClaimHeaderCollection headers)
    {
        foreach (ClaimHeader header in headers)
        {
            if (ConfigurableHeaderName.GetValidationError(header.HeaderName) is { } error)
            {
                yield return $"header '{header.HeaderName}' cannot be configured: {error}. Choose another name, such as 'X-User-Groups'.";
            }

            if (header.JsonPath is { } path && JsonPathSyntax.TryParse(path) is null)
            {
                yield return $"header '{header.HeaderName}' has the JsonPath '{path}'. Join property names by single dots, as in "
                    + "'a.b', and escape a dot within a name by a backslash, as in 'my\\.app.roles'.";
            }

            if (!Enum.IsDefined(header.Format))
            {
                yield return $"header '{header.HeaderName}' has the unknown Format '{header.Format}'. Use a value of ClaimValueFormat.";
            }

            if (ClaimObjectProperty.IsObject(header.Format) && (header.JsonPath is not null || header.GetValues is not null))
            {
                yield return $"header '{header.HeaderName}' has the Format {header.Format}, which has a name for each claim type, and a "
                    + "JsonPath or code that gives the value. Give it claim types alone.";
            }
        }
    }

    internal static string? GetValidationError(HeaderValueEncoding encoding) => Enum.IsDefined(encoding)
        ? null
        : $"Encoding is the unknown '{encoding}'. Use a value of HeaderValueEncoding.";
}
