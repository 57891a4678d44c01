using System.Security.Claims;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Sets a user's headers on an identity clone that has none under their names.</summary>
internal sealed class ClaimHeaderWriter(ClaimInjectionPlan plan, ClaimInjectionTelemetry telemetry)
{
    /// <param name="clone">The clone.</param>
    /// <param name="user">The signed-in user.</param>
    /// <param name="isTrusted">Whether it goes to an origin that was named, and not to one of any.</param>
    /// <returns>Whether the user has a claim for any header.</returns>
    /// <exception cref="ClaimInjectionException">A header cannot be set safely.</exception>
    internal bool Write(IdentityRequestMessage clone, ClaimsPrincipal user, bool isTrusted)
    {
        if (UserIdentities.Select(user, plan.SelectIdentity, out string? error) is not { } identities)
        {
            throw telemetry.Reject(error!);
        }

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
        if (total > 0 && plan.SharedSecret is { } secret && isTrusted)
        {
            Set(clone, secret.HeaderName, HeaderValueEncoder.EncodeSingle(secret.Value, HeaderValueEncoding.Mcp));
        }

        return total > 0;
    }

    private void Set(IdentityRequestMessage clone, string name, string encoded)
    {
        if (!clone.Headers.TryAddWithoutValidation(name, encoded))
        {
            throw telemetry.Reject($"the header '{name}' cannot be a request header. Choose another name");
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
                $"the header '{header.Name}' cannot be set from the claim {header.ClaimTypesForMessage}: {exception.Message}. Correct the claim "
                + "where it is issued, or take the header out of ClaimInjectionOptions.Headers");
        }

        if (encoded is null && header.Required)
        {
            throw telemetry.Reject(
                $"the header '{header.Name}' is required, and the user has no value of the claim {header.ClaimTypesForMessage}. Have the "
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
            $"the header '{header.Name}' from the claim {header.ClaimTypesForMessage} is {limit}. Send fewer values, or set a larger limit{remedy}");
    }
}
