using System.Net.Http.Headers;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>What goes out in place of a request: the one place where owned headers are removed and set.</summary>
internal static class ClaimInjection
{
    /// <summary>Gives the request itself, where nothing is to be set or removed, or a clone.</summary>
    /// <exception cref="ClaimInjectionException">The headers cannot be set safely. Nothing has been sent.</exception>
    internal static HttpRequestMessage Apply(
        HttpRequestMessage request, ClaimsPrincipal? user, ClaimInjectionClient client, ClaimInjectionPlan plan, out bool carriesIdentity)
    {
        carriesIdentity = false;

        if (user is null)
        {
            switch (plan.MissingIdentity)
            {
                case MissingIdentityBehavior.Forward:
                    client.NoIdentity();
                    return request;

                case MissingIdentityBehavior.Reject:
                    throw client.Reject(
                        "its user is not known and MissingIdentity is Reject. Send it within AmbientIdentity.Use(user), call "
                        + "request.SetUser(user), or register an IIdentityAccessor that knows the user; null for either user says that there "
                        + "is nobody");
            }
        }

        if (user is null || IdentityResolver.IsNobody(user))
        {
            HttpRequestMessage stripped = Strip(request, user, client, plan);
            client.NoIdentity();
            return stripped;
        }

        if (request.RequestUri is not { IsAbsoluteUri: true } uri || !plan.IsServed(uri))
        {
            HttpRequestMessage stripped = Strip(request, user, client, plan);
            client.UntrustedOrigin(request.RequestUri);
            return stripped;
        }

        if (plan.RequireHttps && Origin.IsPlainAndRemote(uri))
        {
            throw client.Reject($"RequireHttps is set and {new Origin(uri)} is plain http. Use an https endpoint");
        }

        IdentityRequestMessage clone = CloneWithoutOwned(request, user, client, plan);
        clone.RawUtf8Names = plan.Encoding == HeaderValueEncoding.Utf8 ? plan.OwnedNames : null;
        carriesIdentity = SetHeaders(clone, user, client, plan);
        if (carriesIdentity)
        {
            client.Injected(uri, plan);
        }
        else
        {
            client.NoIdentity();
        }

        return clone;
    }

    private static HttpRequestMessage Strip(
        HttpRequestMessage request, ClaimsPrincipal? user, ClaimInjectionClient client, ClaimInjectionPlan plan)
    {
        if (RequestChecks.HasOwned(request, plan.OwnedNames))
        {
            return CloneWithoutOwned(request, user ?? new ClaimsPrincipal(), client, plan);
        }

        RequestChecks.RefuseForgery(request, client, plan.OwnedNames);
        return request;
    }

    /// <summary>Clones the request, or clears it in place where it is a clone of ours already, from a handler of ours further out.</summary>
    private static IdentityRequestMessage CloneWithoutOwned(
        HttpRequestMessage request, ClaimsPrincipal user, ClaimInjectionClient client, ClaimInjectionPlan plan)
    {
        RequestChecks.RefuseForgery(request, client, plan.OwnedNames);

        if (request is IdentityRequestMessage own)
        {
            client.Stripped(Clear(own, plan.OwnedNames));
            return own;
        }

        var clone = IdentityRequestMessage.WithoutHeaders(request, user);
        int stripped = 0;

        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            if (plan.OwnedNames.Contains(name))
            {
                stripped++;
            }
            else if (ConnectionHeader.Names(name, values, plan.OwnedNames))
            {
                ConnectionHeader.CopyWithoutOwned(values, plan.OwnedNames, clone);
                stripped++;
            }
            else
            {
                RequestCloning.CopyHeader(name, values, clone);
            }
        }

        client.Stripped(stripped);
        return clone;
    }

    /// <summary>Takes what is owned out of a clone of ours.</summary>
    internal static int Clear(IdentityRequestMessage own, OwnedHeaderNames owned)
    {
        int stripped = 0;
        foreach ((string name, HeaderStringValues values) in own.Headers.NonValidated.ToArray())
        {
            if (owned.Contains(name))
            {
                own.Headers.Remove(name);
                stripped++;
            }
            else if (ConnectionHeader.Names(name, values, owned))
            {
                own.Headers.Remove(name);
                ConnectionHeader.CopyWithoutOwned(values, owned, own);
                stripped++;
            }
        }

        return stripped;
    }

    /// <returns>Whether the user has a claim for any header.</returns>
    private static bool SetHeaders(
        IdentityRequestMessage clone, ClaimsPrincipal user, ClaimInjectionClient client, ClaimInjectionPlan plan)
    {
        if (UserIdentities.Select(user, plan.SelectIdentity, out string? refusal) is not { } identities)
        {
            throw client.Reject(refusal!);
        }

        int total = 0;
        foreach (ClaimHeaderPlan header in plan.Headers)
        {
            if (EncodedValue(header, identities, client, plan) is not { } encoded)
            {
                continue;
            }

            int length = plan.Encoding == HeaderValueEncoding.Utf8 ? System.Text.Encoding.UTF8.GetByteCount(encoded) : encoded.Length;
            bool tooLong = length > plan.MaxHeaderValueLength;
            if (tooLong || total + header.Name.Length + length > plan.MaxTotalLength)
            {
                OmitOrRefuse(header, tooLong, client, plan);
                continue;
            }

            total += header.Name.Length + length;
            if (!clone.Headers.TryAddWithoutValidation(header.Name, encoded))
            {
                throw client.Reject($"the header '{header.Name}' cannot be a request header. Choose another name");
            }
        }

        return total > 0;
    }

    private static string? EncodedValue(
        ClaimHeaderPlan header, in UserIdentities identities, ClaimInjectionClient client, ClaimInjectionPlan plan)
    {
        string? encoded;
        try
        {
            encoded = header.Read(identities, plan.Encoding);
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
