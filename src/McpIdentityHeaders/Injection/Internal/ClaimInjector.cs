using System.Net.Http.Headers;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Removes and sets a request's identity headers, under one plan: the one place where this is done.</summary>
internal sealed class ClaimInjector(ClaimInjectionPlan plan, ClaimInjectionTelemetry telemetry) : IRedirectPolicy
{
    private readonly RequestForgeryChecks _checks = new(plan.HeaderNames, telemetry);
    private readonly ClaimHeaderWriter _writer = new(plan, telemetry);

    internal ClaimInjectionPlan Plan => plan;

    /// <summary>Gives the message to send: the request itself where nothing is to be set or removed, else a clone.</summary>
    /// <param name="request">The request. An identity clone is written in place.</param>
    /// <param name="user">Its user, an anonymous principal, or null where the user is unknown.</param>
    /// <param name="proxy">The proxy that plain http goes through, if any.</param>
    /// <param name="carriesIdentity">Whether the message carries identity headers.</param>
    /// <exception cref="ClaimInjectionException">The headers cannot be set safely. Nothing has been sent.</exception>
    internal HttpRequestMessage Apply(HttpRequestMessage request, ClaimsPrincipal? user, ForwardProxy proxy, out bool carriesIdentity)
    {
        carriesIdentity = false;

        if (user is null && plan.MissingIdentity == MissingIdentityBehavior.Forward)
        {
            telemetry.NoIdentity();
            return request;
        }

        if (user is null && plan.MissingIdentity == MissingIdentityBehavior.Reject)
        {
            throw telemetry.Reject(
                "its user is unknown and MissingIdentity is Reject. Send it within AmbientIdentity.Use(user), call request.SetUser(user), or "
                + "register an IIdentityAccessor that knows the user; null for either user makes the request anonymous");
        }

        if (user is null || UserIdentities.IsAnonymous(user))
        {
            HttpRequestMessage stripped = Strip(request, user);
            telemetry.NoIdentity();
            return stripped;
        }

        Uri? untrusted = request.RequestUri;
        if (request.RequestUri is not { IsAbsoluteUri: true } uri
            || (!plan.IsTrusted(request, uri, out untrusted) && !plan.ServesAnyOrigin))
        {
            HttpRequestMessage stripped = Strip(request, user);
            telemetry.UntrustedOrigin(untrusted);
            return stripped;
        }

        string? forwardProxy = proxy.FindHostFor(uri);
        if (plan.RequireHttps && (forwardProxy is not null || Origin.IsPlainAndRemote(uri)))
        {
            throw telemetry.Reject(forwardProxy is null
                ? $"RequireHttps is set and {new Origin(uri)} is plain http. Use an https endpoint"
                : $"RequireHttps is set and {new Origin(uri)} is plain http, which the proxy '{forwardProxy}' reads. Use an https endpoint, or "
                    + "have the request bypass the proxy with NO_PROXY or the primary handler's UseProxy = false");
        }

        // The clone is checked: each look at the caller's own headers makes strings of those that were set as objects.
        IdentityRequestMessage clone = request as IdentityRequestMessage ?? new IdentityRequestMessage(request, user);
        if (_checks.FindIdentityHeaders(clone) is { } found)
        {
            Remove(found, clone);
        }

        carriesIdentity = _writer.Write(clone, user, isTrusted: untrusted is null);
        if (carriesIdentity)
        {
            telemetry.Injected(uri, forwardProxy);
        }
        else
        {
            telemetry.NoIdentity();
        }

        return clone;
    }

    /// <summary>Shows the caller and its loggers the request that they know, and marks a redirect for the redirect handler.</summary>
    internal void Complete(HttpResponseMessage response, HttpRequestMessage request, bool isForwarded, bool carriesIdentity)
    {
        response.RequestMessage = request;

        if (Redirection.IsRedirect(response))
        {
            // The caller of an unknown user, or a handler further in, may have put an identity under one of the names.
            RedirectIdentityMarker.Mark(response, this, carriesIdentity || (isForwarded && _checks.HasIdentityHeader(request)));
        }
    }

    /// <summary>Removes the headers that <see cref="Apply"/> set on an identity clone.</summary>
    internal void RemoveIdentityHeaders(IdentityRequestMessage clone)
    {
        foreach (string name in plan.HeaderNames.Configured)
        {
            clone.Headers.Remove(name);
        }
    }

    bool IRedirectPolicy.IsTrusted(Uri target) => plan.IsTrusted(target);

    void IRedirectPolicy.OnIdentityRedirectRefused(Uri from, Uri target) => telemetry.IdentityRedirectRefused(from, target);

    void IRedirectPolicy.OnTrustedTargetRefused(Uri from, Uri target) => telemetry.TrustedTargetRefused(from, target);

    void IRedirectPolicy.OnSessionRedirectRefused(Uri from, Uri target) => telemetry.SessionRedirectRefused(from, target);

    void IRedirectPolicy.OnContentNotRepeatable() => telemetry.ContentNotRepeatable();

    private HttpRequestMessage Strip(HttpRequestMessage request, ClaimsPrincipal? user) => _checks.FindIdentityHeaders(request) is { } found
        ? Remove(found, request as IdentityRequestMessage ?? new IdentityRequestMessage(request, user ?? new ClaimsPrincipal()))
        : request;

    private IdentityRequestMessage Remove(List<string> found, IdentityRequestMessage clone)
    {
        foreach (string name in found)
        {
            HeaderStringValues values = clone.Headers.NonValidated[name];
            clone.Headers.Remove(name);
            if (ConnectionHeader.Is(name))
            {
                ConnectionHeader.CopyWithoutIdentityHeaders(values, plan.HeaderNames, clone);
            }
        }

        telemetry.Stripped(found.Count);
        return clone;
    }
}
