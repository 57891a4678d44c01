using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks what the attributes on the options cannot express. Each message names the client, the option and the fix.</summary>
internal sealed class ClaimInjectionOptionsValidator : IValidateOptions<ClaimInjectionOptions>
{
    private static readonly ClaimInjectionRangesValidator Ranges = new();

    public ValidateOptionsResult Validate(string? name, ClaimInjectionOptions options)
    {
        IEnumerable<string> errors =
        [
            .. Ranges.Validate(name, options).Failures ?? [],
            .. GetEmptyListErrors(options),
            .. ClaimHeaderRules.GetValidationErrors(options.Headers),
            .. options.SharedSecret?.GetValidationErrors(options.Headers) ?? [],
            .. GetAssertionErrors(options),
            .. GetOriginErrors(options),
            .. GetUnknownValueErrors(options),
            .. UserActivityTagger.GetValidationErrors(options.UserActivityTag, options.UserActivityTagKey),
        ];
        var result = new ValidateOptionsResultBuilder();
        foreach (string error in errors.Select(error => $"{Describe(name)}: {error}").Concat(options.Assertion?.Errors ?? []))
        {
            result.AddError(error);
        }

        return result.Build();
    }

    internal static string Describe(string? clientName) =>
        string.IsNullOrEmpty(clientName) ? nameof(ClaimInjectionOptions) : $"HttpClient '{clientName}'";

    private static IEnumerable<string> GetEmptyListErrors(ClaimInjectionOptions options)
    {
        if (options.Headers.Count == 0)
        {
            yield return "Headers is empty. Add at least one header, or do not call AddClaimInjection for this client.";
        }

        if (options.SubjectClaimTypes.Count == 0 || options.SubjectClaimTypes.Any(string.IsNullOrWhiteSpace))
        {
            yield return "SubjectClaimTypes is empty, or has an empty claim type. Name the claim types of a user's subject, such as 'sub'.";
        }
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
            yield return $"the assertion's header '{name}' is another header of this client, or an alias of one. Choose another name, such "
                + "as 'X-User-Assertion'.";
        }
    }

    private static IEnumerable<string> GetOriginErrors(ClaimInjectionOptions options)
    {
        foreach ((int index, Uri? origin) in options.TrustedOrigins.Index())
        {
            if (!IsUsable(origin))
            {
                yield return DescribeUnusable($"TrustedOrigins[{index}]", "https://mcp.example.com");
            }
            else if (options.RequireHttps && Origin.IsPlainAndRemote(origin))
            {
                yield return $"RequireHttps is set, and TrustedOrigins has '{new Origin(origin)}'. Use https, or remove one of the two.";
            }
        }

        foreach ((int index, Uri? service) in options.TrustedServices.Index())
        {
            if (!IsUsable(service))
            {
                yield return DescribeUnusable($"TrustedServices[{index}]", "http://notes");
            }
        }
    }

    private static IEnumerable<string> GetUnknownValueErrors(ClaimInjectionOptions options)
    {
        if (!Enum.IsDefined(options.MissingIdentity))
        {
            yield return $"MissingIdentity is the unknown '{options.MissingIdentity}'. Use a value of MissingIdentityBehavior.";
        }

        if (ClaimHeaderRules.GetValidationError(options.Encoding) is { } error)
        {
            yield return error;
        }

        if (!Enum.IsDefined(options.OversizedValue))
        {
            yield return $"OversizedValue is the unknown '{options.OversizedValue}'. Use a value of OversizedValueBehavior.";
        }
    }

    private static bool IsUsable([NotNullWhen(true)] Uri? uri) => uri is { IsAbsoluteUri: true } && Origin.IsHttpOrWebSocket(uri);

    // No message quotes the URI: it may hold a password or a token.
    private static string DescribeUnusable(string setting, string example) =>
        $"{setting} is no absolute http or https URI, nor one of ws or wss. Give one such as '{example}'.";
}
