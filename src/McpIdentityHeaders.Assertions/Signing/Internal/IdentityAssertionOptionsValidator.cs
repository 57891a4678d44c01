using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks a client's assertion options. Each message names the client, the option and the fix.</summary>
internal sealed class IdentityAssertionOptionsValidator : IValidateOptions<IdentityAssertionOptions>
{
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromMinutes(10);

    private static readonly IdentityAssertionRangesValidator Ranges = new();

    /// <summary>Gets the claims that the assertion itself sets.</summary>
    internal static FrozenSet<string> ReservedClaims { get; } =
        FrozenSet.Create("iss", "aud", "iat", "nbf", "exp", "jti", "act", "htm", "htu", "content_digest", "mcp_session_id", "cnf");

    public ValidateOptionsResult Validate(string? name, IdentityAssertionOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (string error in GetValidationErrors(name, options))
        {
            result.AddError($"HttpClient '{name}': {error}");
        }

        return result.Build();
    }

    /// <summary>Gets which headers of the client's map have no claim of their own in an assertion.</summary>
    internal static IEnumerable<string> GetMapErrors(ClaimInjectionPlan plan)
    {
        foreach (ClaimHeaderPlan header in plan.Headers)
        {
            if (ReservedClaims.Contains(header.ClaimName))
            {
                yield return $"the header '{header.Name}' would become the claim '{header.ClaimName}', which an assertion sets itself. Take it from "
                    + "another claim type, or out of ClaimInjectionOptions.Headers.";
            }
        }

        foreach (IGrouping<string, ClaimHeaderPlan> same in plan.Headers.GroupBy(header => header.ClaimName).Where(same => same.Count() > 1))
        {
            yield return $"the headers {string.Join(" and ", same.Select(header => $"'{header.Name}'"))} would become one claim of the assertion, "
                + $"'{same.Key}'. Take one of them out of ClaimInjectionOptions.Headers.";
        }
    }

    private static IEnumerable<string> GetValidationErrors(string? name, IdentityAssertionOptions options)
    {
        foreach (string error in Ranges.Validate(name, options).Failures ?? [])
        {
            yield return error;
        }

        if (string.IsNullOrWhiteSpace(options.Issuer))
        {
            yield return "IdentityAssertionOptions.Issuer is not set. Set it to the https URI of this program, such as 'https://gateway.example.com'.";
        }

        if (options.Audience is not null && string.IsNullOrWhiteSpace(options.Audience))
        {
            yield return "IdentityAssertionOptions.Audience is empty. Name the backend, or leave it unset for the origin of each request.";
        }

        if (options.Lifetime <= TimeSpan.Zero || options.Lifetime > MaxLifetime)
        {
            yield return "IdentityAssertionOptions.Lifetime is not more than zero and at most 10 minutes. One minute is the default.";
        }

        if (string.IsNullOrWhiteSpace(options.TokenType))
        {
            yield return "IdentityAssertionOptions.TokenType is empty. Set the typ that verifiers expect, such as 'user-assertion+jwt'.";
        }

        if (options.Actor is not null && string.IsNullOrWhiteSpace(options.Actor))
        {
            yield return "IdentityAssertionOptions.Actor is empty. Name this program, or leave it unset.";
        }

        if (options.Keys.Count == 0)
        {
            yield return "IdentityAssertionOptions.Keys is empty, and nothing would be signed. Add a key with Keys.AddPemFile(path), or for "
                + "development with Keys.AddDevelopmentKey().";
        }
    }
}
