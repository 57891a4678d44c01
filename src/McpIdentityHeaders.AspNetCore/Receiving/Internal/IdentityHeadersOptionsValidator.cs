using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Checks what the attributes on the options cannot express. Each message names the scheme, the option and the fix.</summary>
internal sealed class IdentityHeadersOptionsValidator : IValidateOptions<IdentityHeadersOptions>
{
    private static readonly IdentityHeadersRangesValidator Ranges = new();

    public ValidateOptionsResult Validate(string? name, IdentityHeadersOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (string error in GetValidationErrors(name, options))
        {
            result.AddError($"Authentication scheme '{name}': {error}");
        }

        return result.Build();
    }

    private static IEnumerable<string> GetValidationErrors(string? name, IdentityHeadersOptions options)
    {
        foreach (string error in Ranges.Validate(name, options).Failures ?? [])
        {
            yield return error;
        }

        if (options is { TrustedPeers.Count: 0, IsTrustedCertificate: null, SharedSecrets.Count: 0 })
        {
            yield return "no peer is trusted to speak for users. Set in IdentityHeadersOptions which may: TrustedPeers (where the "
                + "gateway's own connections come from), IsTrustedCertificate (what its TLS client certificate must be), or SharedSecrets "
                + "(a header and a value that only the gateway and this backend know).";
        }

        if (options.HasLostTrustedPeer)
        {
            yield return "TrustedPeers has an entry in configuration that the binder leaves out. Write a list of strings, such as "
                + "[ \"10.0.0.0/8\", \"loopback\" ], or in the environment '…__TrustedPeers__0', and no value for TrustedPeers itself.";
        }

        foreach (string? peer in options.TrustedPeers)
        {
            if (TrustedPeer.Parse(peer, out string? error) is null)
            {
                yield return $"TrustedPeers has '{peer}', which {error}.";
            }
        }

        foreach (string error in options.Profile is { } profile ? GetProfileErrors(profile, options) : GetMapErrors(options))
        {
            yield return error;
        }

        ReceivedHeader[] headers = ReceivedHeaderMap.CreateAll(options);
        ClaimHeaderCollection names = [.. headers.Select(header => new ClaimHeader(header.Name, "any"))];
        foreach (SharedSecret? secret in options.SharedSecrets)
        {
            foreach (string error in secret?.GetValidationErrors(names) ?? ["SharedSecrets has null in it. Remove it."])
            {
                yield return error;
            }
        }

        if (options.SubjectClaimTypes.Count == 0 || options.SubjectClaimTypes.Any(string.IsNullOrWhiteSpace))
        {
            yield return "SubjectClaimTypes is empty, or has an empty claim type. Name the claim types of a user's subject, such as 'sub'.";
        }

        ReceivedHeader[] subjects = Array.FindAll(headers, header => header.IsSubject);
        if (subjects is not [{ IsList: false }])
        {
            yield return $"{subjects.Length} of Headers become the subject, and exactly one has to, with the format Single. Add one "
                + "such as 'X-User-Sub' from 'sub' to Headers, and no other of a claim type in SubjectClaimTypes.";
        }

        if (Array.FindAll(headers, header => header.IsIssuer) is [_, _, ..] or [{ IsList: true }])
        {
            yield return "the issuer, 'iss', is not one Single header's. Take the others out of Headers.";
        }

        foreach (string error in UserActivityTagger.GetValidationErrors(options.UserActivityTag, options.UserActivityTagKey))
        {
            yield return error;
        }
    }

    private static IEnumerable<string> GetMapErrors(IdentityHeadersOptions options)
    {
        foreach (string error in ClaimHeaderRules.GetValidationErrors(options.Headers))
        {
            yield return error;
        }

        if (ClaimHeaderRules.GetValidationError(options.Encoding) is { } encodingError)
        {
            yield return encodingError;
        }

        foreach (ClaimHeader header in options.Headers.Where(header => header.ClaimTypes.Count == 0))
        {
            yield return $"header '{header.HeaderName}' has no claim type, so that it is unknown what it becomes. Give it one, in place of "
                + "the code that a sender's has.";
        }
    }

    private static IEnumerable<string> GetProfileErrors(IdentityHeadersProfile profile, IdentityHeadersOptions options)
    {
        if (HeaderProfile.Find(profile) is null)
        {
            yield return $"Profile is the unknown '{profile}'. Use a value of IdentityHeadersProfile.";
        }

        if (options.AreHeadersChanged || options.Encoding != HeaderValueEncoding.Mcp)
        {
            yield return $"Profile is {profile}, which has headers and an encoding of its own, and Headers or Encoding is set too. Remove "
                + "these, or leave Profile out and name all headers in Headers.";
        }
    }
}
