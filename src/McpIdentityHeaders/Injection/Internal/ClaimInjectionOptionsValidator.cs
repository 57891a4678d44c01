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

        foreach (string error in options.Assertion?.Errors ?? [])
        {
            result.AddError(error);
        }

        return result.Build();
    }

    private static IEnumerable<string> GetAssertionErrors(ClaimInjectionOptions options)
    {
        if (options.Assertion?.Name is not { } name)
        {
            yield break;
        }

        if (ConfigurableHeaderName.GetValidationError(name) is { } error)
        {
            yield return $"the assertion's header '{name}' cannot be configured: {error}. Choose another name, such as 'X-User-Assertion'.";
        }

        if (options.Headers.Select(header => header.HeaderName).Append(options.SharedSecret?.HeaderName ?? string.Empty)
            .Any(other => HeaderAlias.Equals(other, name)))
        {
            yield return $"the assertion's header '{name}' is another header of this client, or an alias of one. Choose another name, such as "
                + "'X-User-Assertion'.";
        }
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

        foreach (string error in GetAssertionErrors(options))
        {
            yield return error;
        }

        foreach ((int index, Uri? origin) in options.TrustedOrigins.Index())
        {
            // No message quotes the URI: it may hold a password or a token.
            if (origin is not { IsAbsoluteUri: true } || !Origin.IsHttpOrWebSocket(origin))
            {
                yield return $"TrustedOrigins[{index}] is no absolute http or https URI, nor one of ws or wss. Give one such as 'https://mcp.example.com'.";
            }
            else if (options.RequireHttps && Origin.IsPlainAndRemote(origin))
            {
                yield return $"RequireHttps is set, and TrustedOrigins has '{new Origin(origin)}'. Use https, or remove one of the two.";
            }
        }

        foreach ((int index, Uri? service) in options.TrustedServices.Index())
        {
            if (service is not { IsAbsoluteUri: true } || !Origin.IsHttpOrWebSocket(service))
            {
                yield return $"TrustedServices[{index}] is no absolute http or https URI, nor one of ws or wss. Give one such as 'http://notes'.";
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

        foreach (string error in UserActivityTagger.GetValidationErrors(options.UserActivityTag, options.UserActivityTagKey))
        {
            yield return error;
        }
    }
}
