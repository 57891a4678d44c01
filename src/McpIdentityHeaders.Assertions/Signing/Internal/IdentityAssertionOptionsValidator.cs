using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks a client's assertion options. Each message names the client, the option and the fix.</summary>
internal sealed class IdentityAssertionOptionsValidator : IValidateOptions<IdentityAssertionOptions>
{
    private static readonly TimeSpan MinLifetime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromMinutes(10);

    private static readonly IdentityAssertionRangesValidator Ranges = new();

    /// <summary>Gets the claims that the assertion itself sets, in any case: ClaimsPrincipal finds claims by types of any case.</summary>
    internal static FrozenSet<string> ReservedClaims { get; } =
        FrozenSet.Create(
            StringComparer.OrdinalIgnoreCase,
            "iss",
            "aud",
            "iat",
            "nbf",
            "exp",
            "jti",
            "act",
            "cnf",
            RequestBinding.MethodClaim,
            RequestBinding.UriClaim,
            RequestBinding.QueryClaim,
            RequestBinding.ContentClaim,
            RequestBinding.SessionClaim);

    public ValidateOptionsResult Validate(string? name, IdentityAssertionOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (string error in GetValidationErrors(name, options))
        {
            result.AddError($"HttpClient '{name}': {error}");
        }

        return result.Build();
    }

    private static IEnumerable<string> GetValidationErrors(string? name, IdentityAssertionOptions options)
    {
        foreach (string error in Ranges.Validate(name, options).Failures ?? [])
        {
            yield return error;
        }

        if (string.IsNullOrWhiteSpace(options.Issuer))
        {
            yield return "IdentityAssertionOptions.Issuer is not set. Set it to the https URI of this program, such as "
                + "'https://gateway.example.com'.";
        }

        if (options.Audience is not null && string.IsNullOrWhiteSpace(options.Audience))
        {
            yield return "IdentityAssertionOptions.Audience is empty. Name the backend, or leave it unset for the origin of each request.";
        }

        // Its times are whole seconds.
        if (options.Lifetime < MinLifetime || options.Lifetime > MaxLifetime)
        {
            yield return "IdentityAssertionOptions.Lifetime is not from 1 second to 10 minutes. 60 seconds is the default.";
        }

        if (string.IsNullOrWhiteSpace(options.HeaderName))
        {
            yield return "IdentityAssertionOptions.HeaderName is empty. Name the header that verifiers read, such as 'X-User-Assertion', "
                + "or set UseAuthorizationHeader.";
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
            yield return "IdentityAssertionOptions.Keys is empty, and nothing would be signed. Add a key with Keys.AddPemFile(path), or "
                + "for development with Keys.AddDevelopmentKey().";
        }
    }
}
