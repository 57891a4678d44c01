using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks what the attributes on the options cannot say. Each message names the client, the option and the fix.</summary>
internal sealed class ClaimInjectionOptionsValidator : IValidateOptions<ClaimInjectionOptions>
{
    private static readonly ClaimInjectionRangesValidator Ranges = new();

    public ValidateOptionsResult Validate(string? name, ClaimInjectionOptions options)
    {
        string client = string.IsNullOrEmpty(name) ? nameof(ClaimInjectionOptions) : $"HttpClient '{name}'";

        List<string> failures = [.. Ranges.Validate(name, options).Failures ?? []];
        failures.AddRange(FailuresOf(options));

        return failures.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(failures.Select(failure => $"{client}: {failure}"));
    }

    private static IEnumerable<string> FailuresOf(ClaimInjectionOptions options)
    {
        if (options.Headers.Count == 0)
        {
            yield return "Headers is empty. Add at least one header, or do not call AddClaimInjection for this client.";
        }

        foreach (ClaimHeader header in options.Headers)
        {
            if (ConfigurableHeaderName.ReasonAgainst(header.HeaderName) is { } reason)
            {
                yield return $"header '{header.HeaderName}' cannot be configured: {reason}. Choose another name, such as 'X-User-Groups'.";
            }

            if (header.JsonPath is { } path && (path.Split('.').Any(string.IsNullOrWhiteSpace) || !UnicodeText.IsWellFormed(path)))
            {
                yield return $"header '{header.HeaderName}' has the JsonPath '{path}'. Join property names by single dots, as in 'a.b'.";
            }

            if (!Enum.IsDefined(header.Format))
            {
                yield return $"header '{header.HeaderName}' has the unknown Format '{header.Format}'. Use a value of ClaimValueFormat.";
            }
        }

        foreach ((int index, Uri? origin) in options.TrustedOrigins.Index())
        {
            // Quoted nowhere as it is: a URI may hold a password or a token.
            if (origin is not { IsAbsoluteUri: true } || !Origin.IsHttp(origin))
            {
                yield return $"TrustedOrigins[{index}] is no absolute http or https URI. Give one such as 'https://mcp.example.com'.";
            }
            else if (options.RequireHttps && Origin.IsPlainAndRemote(origin))
            {
                yield return $"RequireHttps is set, and TrustedOrigins has '{new Origin(origin)}'. Use https, or remove one of the two.";
            }
        }

        if (!Enum.IsDefined(options.MissingIdentity))
        {
            yield return $"MissingIdentity is the unknown '{options.MissingIdentity}'. Use a value of MissingIdentityBehavior.";
        }

        if (!Enum.IsDefined(options.Encoding))
        {
            yield return $"Encoding is the unknown '{options.Encoding}'. Use a value of HeaderValueEncoding.";
        }

        if (!Enum.IsDefined(options.OversizedValue))
        {
            yield return $"OversizedValue is the unknown '{options.OversizedValue}'. Use a value of OversizedValueBehavior.";
        }
    }
}
