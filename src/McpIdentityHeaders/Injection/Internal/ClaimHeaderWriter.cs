using System.Security.Claims;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Sets a user's headers on an identity clone that has none under their names.</summary>
internal sealed class ClaimHeaderWriter(ClaimInjectionPlan plan, ClaimInjectionTelemetry telemetry)
{
    /// <returns>Whether the user has a claim for any header.</returns>
    /// <exception cref="ClaimInjectionException">A header cannot be set safely.</exception>
    internal bool Write(IdentityRequestMessage clone, ClaimsPrincipal user, Uri uri)
    {
        if (plan.Users.Select(user, out string? error) is not { } identities)
        {
            throw telemetry.Reject(ClaimInjectionErrorReason.AmbiguousUser, error!);
        }

        using (identities)
        {
            return Write(clone, identities, uri);
        }
    }

    private bool Write(IdentityRequestMessage clone, in UserIdentities identities, Uri uri)
    {
        clone.RawUtf8Names = plan.Encoding == HeaderValueEncoding.Utf8 ? plan.HeaderNames : null;
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

        // Send the secret beside an identity only, and only to explicitly trusted origins.
        if (total > 0 && plan.SharedSecret is { } secret && plan.IsTrusted(uri))
        {
            Set(clone, secret.HeaderName, HeaderValueEncoder.EncodeSingle(secret.Value, HeaderValueEncoding.Mcp));
        }

        if (total == 0)
        {
            telemetry.NoClaims(identities, plan);
        }

        return total > 0;
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
                + "identity provider issue it, or set Required to false");
        }

        return encoded;
    }

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
