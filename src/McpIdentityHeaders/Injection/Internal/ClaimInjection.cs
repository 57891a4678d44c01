using System.Net.Http.Headers;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>What goes out in place of a request: the one place where owned headers are removed and set.</summary>
internal static class ClaimInjection
{
    /// <summary>Gives the request itself, where nothing is to be set or removed, or a clone.</summary>
    /// <param name="request">The request.</param>
    /// <param name="user">Its user, nobody, or null where it is not known.</param>
    /// <param name="client">The client that it is sent by.</param>
    /// <param name="plan">The plan that it is served by.</param>
    /// <param name="isLast">Whether no handler behind may want to know whose the clone is.</param>
    /// <param name="carriesIdentity">Whether what is given carries identity headers.</param>
    /// <exception cref="ClaimInjectionException">The headers cannot be set safely. Nothing has been sent.</exception>
    internal static HttpRequestMessage Apply(
        HttpRequestMessage request,
        ClaimsPrincipal? user,
        ClaimInjectionClient client,
        ClaimInjectionPlan plan,
        bool isLast,
        out bool carriesIdentity)
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

        if (user is null || IdentityResolver.IsAnonymous(user))
        {
            HttpRequestMessage stripped = Strip(request, user, client, plan, isLast);
            client.NoIdentity();
            return stripped;
        }

        if (request.RequestUri is not { IsAbsoluteUri: true } uri || !plan.IsServed(uri))
        {
            HttpRequestMessage stripped = Strip(request, user, client, plan, isLast);
            client.UntrustedOrigin(request.RequestUri);
            return stripped;
        }

        if (plan.RequireHttps && Origin.IsPlainAndRemote(uri))
        {
            throw client.Reject($"RequireHttps is set and {new Origin(uri)} is plain http. Use an https endpoint");
        }

        IdentityRequestMessage clone = CloneWithoutOwned(request, user, client, plan, isLast);
        clone.RawUtf8Names = plan.Encoding == HeaderValueEncoding.Utf8 ? plan.HeaderNames : null;
        carriesIdentity = ClaimHeaderWriter.Write(clone, user, client, plan);
        if (carriesIdentity)
        {
            // An origin that is merely served is not one that was named.
            if (plan.SharedSecret is { } secret && plan.IsTrusted(uri))
            {
                ClaimHeaderWriter.Write(clone, secret, client);
            }

            client.Injected(uri, plan);
        }
        else
        {
            client.NoIdentity();
        }

        return clone;
    }

    private static HttpRequestMessage Strip(
        HttpRequestMessage request, ClaimsPrincipal? user, ClaimInjectionClient client, ClaimInjectionPlan plan, bool isLast) =>
        RequestChecks.RefuseForgery(request, client, plan.HeaderNames)
            ? CloneWithoutOwned(request, user ?? new ClaimsPrincipal(), client, plan, isLast)
            : request;

    /// <summary>Clones the request, or clears it in place where it is a clone of ours already, from a handler of ours further out.</summary>
    private static IdentityRequestMessage CloneWithoutOwned(
        HttpRequestMessage request, ClaimsPrincipal user, ClaimInjectionClient client, ClaimInjectionPlan plan, bool isLast)
    {
        if (request is IdentityRequestMessage own)
        {
            RequestChecks.RefuseForgery(request, client, plan.HeaderNames);
            client.Stripped(Clear(own, plan.HeaderNames));
            return own;
        }

        var clone = IdentityRequestMessage.WithoutHeaders(request, user, saysWhose: !isLast);
        HttpRequestHeaders headers = clone.Headers;
        IdentityHeaderNames owned = plan.HeaderNames;
        int stripped = 0;

        // Checked as it is copied: the framework builds what a header's values are anew for each look at them.
        foreach ((string name, HeaderStringValues values) in request.Headers.NonValidated)
        {
            if (owned.Contains(name) || ConnectionHeader.Is(name))
            {
                stripped += CopyWithoutOwned(name, values, clone, client, owned);
                continue;
            }

            foreach (string value in values)
            {
                // A copy of what the request carried, checked for line breaks: no value of ours, so nothing to encode.
                RequestChecks.RefuseLineBreak(name, value, client);
                headers.TryAddWithoutValidation(name, value);
            }
        }

        RequestChecks.RefuseForgeryInContent(request.Content, client, owned);
        client.Stripped(stripped);
        return clone;
    }

    /// <summary>Copies what may be copied of a header that is ours, or of the one that could have ours dropped.</summary>
    /// <returns>How many headers were removed or changed.</returns>
    private static int CopyWithoutOwned(
        string name, HeaderStringValues values, IdentityRequestMessage clone, ClaimInjectionClient client, IdentityHeaderNames owned)
    {
        RequestChecks.RefuseLineBreaks(name, values, client);
        if (owned.Contains(name))
        {
            return 1;
        }

        if (ConnectionHeader.Names(name, values, owned))
        {
            ConnectionHeader.CopyWithoutIdentityHeaders(values, owned, clone);
            return 1;
        }

        RequestCloning.CopyHeader(name, values, clone);
        return 0;
    }

    /// <summary>Takes what is owned out of a clone of ours.</summary>
    internal static int Clear(IdentityRequestMessage own, IdentityHeaderNames owned)
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
                ConnectionHeader.CopyWithoutIdentityHeaders(values, owned, own);
                stripped++;
            }
        }

        return stripped;
    }
}
