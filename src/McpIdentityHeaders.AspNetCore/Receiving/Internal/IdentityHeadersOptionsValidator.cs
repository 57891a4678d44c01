using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Checks what the attributes on the options cannot say. Each message names the scheme, the option and the fix.</summary>
internal sealed class IdentityHeadersOptionsValidator : IValidateOptions<IdentityHeadersOptions>
{
    private static readonly IdentityHeadersRangesValidator Ranges = new();

    public ValidateOptionsResult Validate(string? name, IdentityHeadersOptions options)
    {
        List<string> failures = [.. Ranges.Validate(name, options).Failures ?? [], .. FailuresOf(options)];

        return failures.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(failures.Select(failure => $"Authentication scheme '{name}': {failure}"));
    }

    private static IEnumerable<string> FailuresOf(IdentityHeadersOptions options)
    {
        if (options is { TrustedNetworks.Count: 0, TrustedAddresses.Count: 0, TrustedCertificate: null, SharedSecrets.Count: 0 })
        {
            yield return "nobody is trusted to speak for users. Say in IdentityHeadersOptions who may: TrustedNetworks or TrustedAddresses (the "
                + "addresses that the gateway's own connections come from), TrustedCertificate (what its TLS client certificate must be), or "
                + "SharedSecrets (a header and a value that only the gateway and this backend know).";
        }

        // What default(IPNetwork) is, too, where a TryParse failed and nobody looked.
        if (options.TrustedNetworks.Any(network => TrustedPeers.Unmapped(network).PrefixLength == 0))
        {
            yield return "TrustedNetworks has a network of everybody, such as 0.0.0.0/0. Name the gateway's own, or leave it out and use "
                + "SharedSecrets or TrustedCertificate alone.";
        }

        if (options.TrustedAddresses.Any(address => address is null))
        {
            yield return "TrustedAddresses has null in it. Remove it.";
        }

        foreach (string failure in ClaimHeaderRules.FailuresOf(options.Headers))
        {
            yield return failure;
        }

        if (ClaimHeaderRules.FailureOf(options.Encoding) is { } unknownEncoding)
        {
            yield return unknownEncoding;
        }

        foreach (SharedSecret? secret in options.SharedSecrets)
        {
            foreach (string failure in secret?.Failures(options.Headers) ?? ["SharedSecrets has null in it. Remove it."])
            {
                yield return failure;
            }
        }

        ReceivedHeader[] headers = [.. options.Headers.Select(header => new ReceivedHeader(header))];
        ReceivedHeader[] subjects = Array.FindAll(headers, header => header.IsSubject);
        if (subjects is not [{ Format: ClaimValueFormat.Single }])
        {
            yield return $"{subjects.Length} of Headers become the subject, and there must be one, a Single one. Have it, such as 'X-User-Sub' from "
                + "'sub', in Headers, and no other of the claim type 'sub' or ClaimTypes.NameIdentifier.";
        }

        if (Array.FindAll(headers, header => header.IsIssuer) is [_, _, ..] or [{ Format: not ClaimValueFormat.Single }])
        {
            yield return "the issuer, 'iss', is not one Single header's. Take the others out of Headers.";
        }
    }
}
