using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Sets a user's headers on an identity clone that has none under their names.</summary>
internal sealed class ClaimHeaderWriter(ClaimInjectionPlan plan, ClaimInjectionTelemetry telemetry)
{
    private const int MaxAttempts = 3;

    /// <returns>Whether the message carries an identity: a header, or an assertion.</returns>
    /// <exception cref="ClaimInjectionException">A header cannot be set safely.</exception>
    internal bool Write(IdentityRequestMessage clone, ClaimsPrincipal user, bool isTrusted)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (!plan.Users.TrySelect(user, out UserIdentities identities, out string? error))
            {
                throw telemetry.Reject(ClaimInjectionErrorReason.AmbiguousUser, error);
            }

            object?[]? values = plan.Assertion is null ? null : new object?[plan.Headers.Length];
            int total = Write(clone, identities, values);
            if (identities.IsUnchanged)
            {
                return Complete(clone, identities, total, values, isTrusted);
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
    private int Write(IdentityRequestMessage clone, in UserIdentities identities, object?[]? values)
    {
        int total = 0;
        for (int index = 0; index < plan.Headers.Length; index++)
        {
            ClaimHeaderPlan header = plan.Headers[index];
            if (!TryRead(header, identities, out object? value, out string? encoded))
            {
                continue;
            }

            // No header: the assertion has a limit of its own.
            if (plan.Assertion is { ReplacesHeaders: true })
            {
                values![index] = value;
                total++;
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
            values?[index] = value;
            Set(clone, header.Name, encoded);
        }

        return total;
    }

    private bool Complete(IdentityRequestMessage clone, in UserIdentities identities, int total, object?[]? values, bool isTrusted)
    {
        clone.RawUtf8Names = plan.Encoding == HeaderValueEncoding.Utf8 ? plan.HeaderNames : null;
        telemetry.RenamedClaims(identities, plan);

        // An assertion always has the subject: without it, a signed-in user's request would go out unsigned.
        bool isAsserted = values is not null && isTrusted;
        if (total == 0 && !isAsserted)
        {
            telemetry.NoClaims(identities, plan);
            return false;
        }

        // Send the secret beside an identity only, and only to explicitly trusted origins.
        if (plan.SharedSecret is { } secret && isTrusted)
        {
            Set(clone, secret.HeaderName, HeaderValueEncoder.EncodeSingle(secret.Value, HeaderValueEncoding.Mcp));
        }

        // As the secret: whoever has an assertion can pass it on.
        if (isAsserted)
        {
            string subject = plan.Users.SubjectOf(identities[0])?.Value ?? throw telemetry.Reject(
                ClaimInjectionErrorReason.NoSubject,
                $"its user has no subject, which an assertion needs, in a claim of the types {plan.Users.SubjectClaimTypes}. Set "
                + "ClaimInjectionOptions.SubjectClaimTypes");
            clone.CarriedUser = new AssertedClaims(subject, values!, plan);
        }
        else if (plan.UserTagger is not null && plan.Users.SubjectOf(identities[0])?.Value is { } tagged)
        {
            clone.CarriedUser = new CarriedUser(tagged, plan);
        }

        return true;
    }

    private void Set(IdentityRequestMessage clone, string name, string encoded)
    {
        if (!clone.Headers.TryAddWithoutValidation(name, encoded))
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.InvalidClaim, $"the header '{name}' cannot be a request header. Choose another name");
        }
    }

    private bool TryRead(
        ClaimHeaderPlan header,
        in UserIdentities identities,
        [NotNullWhen(true)] out object? value,
        [NotNullWhen(true)] out string? encoded)
    {
        try
        {
            value = header.Read(identities);
            encoded = value is null ? null : header.Encode(value, plan.Encoding);
        }
        catch (FormatException exception)
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.InvalidClaim,
                $"the header '{header.Name}' cannot be set from {header.Source}: {exception.Message}. Correct it where it comes from, or "
                + "take the header out of ClaimInjectionOptions.Headers");
        }

        if (encoded is null && header.Required)
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.MissingClaim,
                $"the header '{header.Name}' is required, and the user has no value of {header.Source}. Have the "
                + $"identity provider issue it, or set Required to false{DescribeRenamed(header, identities)}");
        }

        return encoded is not null;
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
