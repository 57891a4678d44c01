using System.Security.Claims;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Sets a user's headers on a clone that has none under their names.</summary>
internal static class ClaimHeaderWriter
{
    /// <returns>Whether the user has a claim for any header.</returns>
    /// <exception cref="ClaimInjectionException">A header cannot be set safely.</exception>
    internal static bool Write(
        IdentityRequestMessage clone, ClaimsPrincipal user, ClaimInjectionClient client, ClaimInjectionPlan plan)
    {
        if (UserIdentities.Select(user, plan.SelectIdentity, out string? refusal) is not { } identities)
        {
            throw client.Reject(refusal!);
        }

        FoundClaims room = default;
        int types = plan.ClaimTypes.Count;
        int needed = types * identities.Count;
        Span<Claim?> found = needed <= FoundClaims.Length ? ((Span<Claim?>)room)[..needed] : new Claim?[needed];
        for (int index = 0; index < identities.Count; index++)
        {
            plan.ClaimTypes.FindFirst(identities[index], found.Slice(index * types, types));
        }

        int total = 0;
        foreach (ClaimHeaderPlan header in plan.Headers)
        {
            string? value = header.ReadPlain(found, plan.Encoding) ?? EncodedValue(header, identities, found, client, plan);
            if (value is not { } encoded)
            {
                continue;
            }

            int length = plan.Encoding == HeaderValueEncoding.Utf8 ? Encoding.UTF8.GetByteCount(encoded) : encoded.Length;
            bool tooLong = length > plan.MaxHeaderValueLength;
            if (tooLong || total + header.Name.Length + length > plan.MaxTotalLength)
            {
                OmitOrRefuse(header, tooLong, client, plan);
                continue;
            }

            total += header.Name.Length + length;
            Set(clone, header.Name, encoded, client);
        }

        return total > 0;
    }

    /// <exception cref="ClaimInjectionException">The secret's name cannot be a request header's.</exception>
    internal static void Write(IdentityRequestMessage clone, SharedSecret secret, ClaimInjectionClient client) =>
        Set(clone, secret.HeaderName, HeaderValueEncoder.EncodeSingle(secret.Value, HeaderValueEncoding.Mcp), client);

    private static void Set(IdentityRequestMessage clone, string name, string encoded, ClaimInjectionClient client)
    {
        if (!clone.Headers.TryAddWithoutValidation(name, encoded))
        {
            throw client.Reject($"the header '{name}' cannot be a request header. Choose another name");
        }
    }

    private static string? EncodedValue(
        ClaimHeaderPlan header,
        in UserIdentities identities,
        ReadOnlySpan<Claim?> found,
        ClaimInjectionClient client,
        ClaimInjectionPlan plan)
    {
        string? encoded;
        try
        {
            encoded = header.Read(identities, found, plan.Encoding);
        }
        catch (FormatException refused)
        {
            throw client.Reject(
                $"the header '{header.Name}' cannot be set from the claim {header.ClaimTypesForMessage}: {refused.Message}. Correct the claim "
                + "where it is issued, or take the header out of ClaimInjectionOptions.Headers");
        }

        if (encoded is null && header.Required)
        {
            throw client.Reject(
                $"the header '{header.Name}' is required, and the user has no value of the claim {header.ClaimTypesForMessage}. Have the "
                + "identity provider issue it, or set Required to false");
        }

        return encoded;
    }

    private static void OmitOrRefuse(ClaimHeaderPlan header, bool tooLong, ClaimInjectionClient client, ClaimInjectionPlan plan)
    {
        if (plan.OversizedValue == OversizedValueBehavior.Omit && header.MayBeOmitted)
        {
            client.Logger.OversizedHeaderOmitted(client.Name, header.Name);
            return;
        }

        string limit = tooLong
            ? $"longer than MaxHeaderValueLength, {plan.MaxHeaderValueLength} bytes, allows"
            : $"too long beside the others for MaxTotalLength, {plan.MaxTotalLength} bytes";
        string remedy = header.MayBeOmitted ? ", or OversizedValue to Omit" : string.Empty;
        throw client.Reject(
            $"the header '{header.Name}' from the claim {header.ClaimTypesForMessage} is {limit}. Send fewer values, or set a larger limit{remedy}");
    }
}
