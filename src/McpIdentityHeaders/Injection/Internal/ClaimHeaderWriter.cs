using System.Security.Claims;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Sets a user's headers on an identity clone that has none under their names.</summary>
internal sealed class ClaimHeaderWriter(ClaimInjectionPlan plan, ClaimInjectionTelemetry telemetry)
{
    private const int MaxAttempts = 3;

    /// <returns>Whether the user has a claim for any header.</returns>
    /// <exception cref="ClaimInjectionException">A header cannot be set safely.</exception>
    internal bool Write(IdentityRequestMessage clone, ClaimsPrincipal user, bool isTrusted)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (!plan.Users.TrySelect(user, out UserIdentities identities, out string? error))
            {
                throw telemetry.Reject(ClaimInjectionErrorReason.AmbiguousUser, error);
            }

            int total = Write(clone, identities);
            if (identities.IsUnchanged)
            {
                return Complete(clone, identities, total, isTrusted);
            }

            // Claims of two moments may be two users' rights: read them all again.
            Remove(clone);
        }

        throw telemetry.Reject(ClaimInjectionErrorReason.AmbiguousUser, UserSelector.ChangedMeanwhile);
    }

    /// <summary>Removes what was set, or may have been set.</summary>
    internal void Remove(IdentityRequestMessage clone)
    {
        foreach (string name in plan.HeaderNames.Configured)
        {
            clone.Headers.Remove(name);
        }
    }

    /// <returns>The headers' length in all.</returns>
    private int Write(IdentityRequestMessage clone, in UserIdentities identities)
    {
        int total = 0;
        foreach (ClaimHeaderPlan header in plan.Headers)
        {
            string? encoded = Encode(header, identities);
            if (encoded is null)
            {
                continue;
            }

            int length = plan.Encoding == HeaderValueEncoding.Utf8 ? Encoding.UTF8.GetByteCount(encoded) : encoded.Length;
            bool tooLong = length > plan.MaxHeaderValueLength;
            if (tooLong || total + header.Name.Length + length > plan.MaxTotalLength)
            {
                OmitOrReject(header, tooLong);
                continue;
            }

            total += header.Name.Length + length;
            Set(clone, header.Name, encoded);
        }

        return total;
    }

    private bool Complete(IdentityRequestMessage clone, in UserIdentities identities, int total, bool isTrusted)
    {
        clone.RawUtf8Names = plan.Encoding == HeaderValueEncoding.Utf8 ? plan.HeaderNames : null;
        telemetry.RenamedClaims(identities, plan);
        if (total == 0)
        {
            telemetry.NoClaims(identities, plan);
            return false;
        }

        // Send the secret beside an identity only, and only to explicitly trusted origins.
        if (plan.SharedSecret is { } secret && isTrusted)
        {
            Set(clone, secret.HeaderName, HeaderValueEncoder.EncodeSingle(secret.Value, HeaderValueEncoding.Mcp));
        }

        return true;
    }

    private void Set(IdentityRequestMessage clone, string name, string encoded)
    {
        if (!clone.Headers.TryAddWithoutValidation(name, encoded))
        {
            throw telemetry.Reject(ClaimInjectionErrorReason.InvalidClaim, $"the header '{name}' cannot be a request header. Choose another name");
        }
    }

    private string? Encode(ClaimHeaderPlan header, in UserIdentities identities)
    {
        string? encoded;
        try
        {
            encoded = header.Read(identities, plan.Encoding);
        }
        catch (FormatException exception)
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.InvalidClaim,
                $"the header '{header.Name}' cannot be set from {header.Source}: {exception.Message}. Correct it where it comes from, or take "
                + "the header out of ClaimInjectionOptions.Headers");
        }

        if (encoded is null && header.Required)
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.MissingClaim,
                $"the header '{header.Name}' is required, and the user has no value of {header.Source}. Have the "
                + $"identity provider issue it, or set Required to false{DescribeRenamed(header, identities)}");
        }

        return encoded;
    }

    private static string DescribeRenamed(ClaimHeaderPlan header, in UserIdentities identities) =>
        InboundClaimMapping.Find(header.ClaimTypes, identities.GetClaimTypes()) is var (claimType, renamedTo)
            ? $". The principal has '{renamedTo}' instead of '{claimType}', which inbound claim mapping renames: set MapInboundClaims = "
                + "false on the JWT handler, or name that type too"
            : string.Empty;

    private void OmitOrReject(ClaimHeaderPlan header, bool tooLong)
    {
        if (plan.OversizedValue == OversizedValueBehavior.Omit && header.MayBeOmitted)
        {
            telemetry.OversizedHeaderOmitted(header.Name);
            return;
        }

        string limit = tooLong
            ? $"longer than MaxHeaderValueLength, {plan.MaxHeaderValueLength} bytes, allows"
            : $"too long beside the others for MaxTotalLength, {plan.MaxTotalLength} bytes";
        string remedy = header.MayBeOmitted ? ", or OversizedValue to Omit" : string.Empty;
        throw telemetry.Reject(
            ClaimInjectionErrorReason.HeadersTooLong,
            $"the header '{header.Name}' from {header.Source} is {limit}. Send fewer values, or set a larger limit{remedy}");
    }
}
