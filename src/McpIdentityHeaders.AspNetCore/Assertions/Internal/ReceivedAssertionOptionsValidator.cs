using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Checks what the attributes on the options cannot express. Each message names the scheme, the option and the fix.</summary>
internal sealed class ReceivedAssertionOptionsValidator : IValidateOptions<ReceivedAssertionOptions>
{
    private static readonly ReceivedAssertionRangesValidator Ranges = new();

    private static readonly string[] Supported =
    [
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512, SecurityAlgorithms.RsaSha256,
        SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512,
    ];

    public ValidateOptionsResult Validate(string? name, ReceivedAssertionOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (string error in GetValidationErrors(name, options).Concat(GetKeyErrors(options)))
        {
            result.AddError($"Authentication scheme '{name}': {error}");
        }

        return result.Build();
    }

    private static IEnumerable<string> GetValidationErrors(string? name, ReceivedAssertionOptions options)
    {
        foreach (string error in Ranges.Validate(name, options).Failures ?? [])
        {
            yield return error;
        }

        foreach (string error in options.Profile is { } profile ? GetProfileErrors(profile, options) : GetNameErrors(options))
        {
            yield return error;
        }

        if (options.Signer is not null && options.Profile is not IdentityAssertionProfile.AwsApplicationLoadBalancer)
        {
            yield return "ReceivedAssertionOptions.Signer is set, and only an Application Load Balancer's tokens name one. Remove it, or "
                + "set Profile to AwsApplicationLoadBalancer.";
        }

        if (ConfigurableHeaderName.GetValidationError(options.HeaderName) is { } headerError)
        {
            yield return $"the assertion's header '{options.HeaderName}' cannot be configured: {headerError}. Choose the sender's, such as "
                + "'X-User-Assertion'.";
        }

        if (options.Headers.Any(header => HeaderAlias.Equals(header.HeaderName, options.HeaderName)))
        {
            yield return $"the assertion's header '{options.HeaderName}' is one of Headers, or an alias of one. Take it out of Headers.";
        }

        foreach (string error in ClaimHeaderRules.GetValidationErrors(options.Headers))
        {
            yield return error;
        }

        foreach (ClaimHeader header in options.Headers.Where(header => ClaimObjectProperty.IsObject(header.Format)))
        {
            yield return $"header '{header.HeaderName}' carries an object of several claims, which no sender has beside an assertion. Take "
                + "it out of Headers.";
        }

        if (ClaimHeaderRules.GetValidationError(options.Encoding) is { } encodingError)
        {
            yield return encodingError;
        }

        if (options.ClockSkew < TimeSpan.Zero || options.ClockSkew > TimeSpan.FromMinutes(5))
        {
            yield return "ReceivedAssertionOptions.ClockSkew is not from zero to 5 minutes. 30 seconds is the default.";
        }

        TimeSpan longest = AssertionProfile.Find(options.Profile)?.LongestMaxLifetime ?? TimeSpan.FromHours(1);
        if (options.MaxLifetime <= TimeSpan.Zero || options.MaxLifetime > longest)
        {
            yield return $"ReceivedAssertionOptions.MaxLifetime is not more than zero and at most {Describe(longest)}. Leave it out for "
                + "the default.";
        }

        if (options.PublicOrigin is { } origin && !(origin.IsAbsoluteUri && Origin.IsHttp(origin) && origin.PathAndQuery == "/"))
        {
            yield return "ReceivedAssertionOptions.PublicOrigin is no absolute http or https URI, or has a path. Give one such as "
                + "'https://notes.example.com'.";
        }

        foreach (string error in UserActivityTagger.GetValidationErrors(options.UserActivityTag, options.UserActivityTagKey))
        {
            yield return error;
        }
    }

    private static string Describe(TimeSpan duration) => duration.TotalHours > 1 ? $"{duration.Days} days" : "1 hour";

    private static IEnumerable<string> GetNameErrors(ReceivedAssertionOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Issuer))
        {
            yield return "ReceivedAssertionOptions.Issuer is not set. Set it to the Issuer of the sender.";
        }

        if (string.IsNullOrWhiteSpace(options.Audience))
        {
            yield return "ReceivedAssertionOptions.Audience is not set. Set it to this backend's origin as the sender calls it, such as "
                + "'https://notes.example.com', or to the sender's Audience.";
        }
    }

    private static IEnumerable<string> GetProfileErrors(IdentityAssertionProfile profile, ReceivedAssertionOptions options)
    {
        if (AssertionProfile.Find(profile) is not { } known)
        {
            return [$"Profile is the unknown '{profile}'. Use a value of IdentityAssertionProfile."];
        }

        return options.SetBesideProfile
            .Select(name =>
                $"Profile is {profile}, which has its own, and ReceivedAssertionOptions.{name} is set too. Remove one of the two.")
            .Concat(known.GetValidationErrors(options));
    }

    private static bool IsAsymmetric(SecurityKey key) =>
        key is AsymmetricSecurityKey or JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve or JsonWebAlgorithmsKeyTypes.RSA };

    private static IEnumerable<string> GetKeyErrors(ReceivedAssertionOptions options)
    {
        int sources = (options.Authority is null ? 0 : 1) + (options.KeySetUri is null ? 0 : 1) + (options.Keys.Count > 0 ? 1 : 0);
        if (options.Profile is null ? sources != 1 : sources > 1)
        {
            yield return "ReceivedAssertionOptions needs one of Authority, KeySetUri and Keys, to know the sender's keys by.";
        }

        foreach ((Uri? uri, string option) in new[] { (options.Authority, "Authority"), (options.KeySetUri, "KeySetUri") })
        {
            if (uri is not null && (!uri.IsAbsoluteUri || !Origin.IsHttp(uri) || Origin.IsPlainAndRemote(uri)))
            {
                yield return $"ReceivedAssertionOptions.{option} is no https URI. Use https: keys that anyone on the way can "
                    + "replace prove nothing. Only loopback may be http.";
            }
        }

        if (!options.Keys.All(IsAsymmetric))
        {
            yield return "ReceivedAssertionOptions.Keys has a key that is not asymmetric. Use the sender's public keys.";
        }

        // Keyed hashes would turn a public key into a secret that anyone knows (RFC 8725, section 2.1).
        if (options.Algorithms.Count == 0 || options.Algorithms.Any(algorithm => !Supported.Contains(algorithm)))
        {
            yield return $"ReceivedAssertionOptions.Algorithms is empty, or has one that is none of {string.Join(", ", Supported)}.";
        }

        if (options.KeyRefreshInterval < TimeSpan.FromSeconds(1))
        {
            yield return "ReceivedAssertionOptions.KeyRefreshInterval is less than 1 second. 10 seconds is the default.";
        }
    }
}
