using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks what the attributes on the options cannot express. Each message names the client, the option and the fix.</summary>
internal sealed class ClaimInjectionOptionsValidator : IValidateOptions<ClaimInjectionOptions>
{
    private static readonly ClaimInjectionRangesValidator Ranges = new();

    public ValidateOptionsResult Validate(string? name, ClaimInjectionOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (string error in GetValidationErrors(name, options))
        {
            result.AddError($"{Describe(name)}: {error}");
        }

        return result.Build();
    }

    internal static string Describe(string? clientName) =>
        string.IsNullOrEmpty(clientName) ? nameof(ClaimInjectionOptions) : $"HttpClient '{clientName}'";

    private static IEnumerable<string> GetValidationErrors(string? name, ClaimInjectionOptions options)
    {
        foreach (string error in Ranges.Validate(name, options).Failures ?? [])
        {
            yield return error;
        }

        if (options.Headers.Count == 0)
        {
            yield return "Headers is empty. Add at least one header, or do not call AddClaimInjection for this client.";
        }

        foreach (string error in ClaimHeaderRules.GetValidationErrors(options.Headers))
        {
            yield return error;
        }

        if (options.SubjectClaimTypes.Count == 0 || options.SubjectClaimTypes.Any(string.IsNullOrWhiteSpace))
        {
            yield return "SubjectClaimTypes is empty, or has an empty claim type. Name the claim types of a user's subject, such as 'sub'.";
        }

        foreach (string error in options.SharedSecret?.GetValidationErrors(options.Headers) ?? [])
        {
            yield return error;
        }

        foreach ((int index, Uri? origin) in options.TrustedOrigins.Index())
        {
            // No message quotes the URI: it may hold a password or a token.
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

        if (ClaimHeaderRules.GetValidationError(options.Encoding) is { } encodingError)
        {
            yield return encodingError;
        }

        if (!Enum.IsDefined(options.OversizedValue))
        {
            yield return $"OversizedValue is the unknown '{options.OversizedValue}'. Use a value of OversizedValueBehavior.";
        }
    }
}
