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
    /// <param name="request">The request.</param>
    /// <param name="clone">An identity clone to write in place: the request itself, or one that has no headers yet. Null makes one.</param>
    /// <param name="user">Its user, an anonymous principal, or null where the user is unknown.</param>
    /// <param name="proxy">The proxy that plain http goes through, if any.</param>
    /// <param name="carriesIdentity">Whether the message carries identity headers.</param>
    /// <exception cref="ClaimInjectionException">The headers cannot be set safely. Nothing has been sent.</exception>
    internal HttpRequestMessage Apply(
        HttpRequestMessage request, IdentityRequestMessage? clone, ClaimsPrincipal? user, ForwardProxy proxy, out bool carriesIdentity)
    {
        carriesIdentity = false;

        // A handler in between may send its clone again, for another origin.
        clone?.CarriedUser = null;

        if (user is null && plan.MissingIdentity == MissingIdentityBehavior.Forward)
        {
            telemetry.UnknownUser();
            return request;
        }

        if (user is null && plan.MissingIdentity is MissingIdentityBehavior.Reject or MissingIdentityBehavior.RequireUser)
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.UnknownUser,
                $"its user is unknown and MissingIdentity is {plan.MissingIdentity}. Send it within AmbientIdentity.Use(user), call "
                + "request.SetUser(user), or register an IIdentityAccessor that knows the user; null for either user makes the request "
                + "anonymous");
        }

        if (user is null)
        {
            HttpRequestMessage stripped = Strip(request, user);
            telemetry.UnknownUser();
            return stripped;
        }

        if (UserSelector.IsAnonymous(user))
        {
            if (plan.MissingIdentity == MissingIdentityBehavior.RequireUser)
            {
                throw telemetry.Reject(
                    ClaimInjectionErrorReason.AnonymousUser,
                    "its user is anonymous and MissingIdentity is RequireUser. Have the user sign in first, or set another "
                    + "MissingIdentity");
            }

            HttpRequestMessage stripped = Strip(request, user);
            telemetry.AnonymousUser(user);
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
            throw telemetry.Reject(ClaimInjectionErrorReason.InsecureTransport, forwardProxy is null
                ? $"RequireHttps is set and {new Origin(uri)} is plain http. Use an https endpoint"
                : $"RequireHttps is set and {new Origin(uri)} is plain http, which the proxy '{forwardProxy}' reads. Use an https "
                    + "endpoint, or have the request bypass the proxy with NO_PROXY or the primary handler's UseProxy = false");
        }

        clone = request == clone ? Clean(clone) : Fill(clone ?? IdentityRequestMessage.CreateWithoutHeaders(request, user), request);
        carriesIdentity = _writer.Write(clone, user, isTrusted: untrusted is null);
        if (carriesIdentity)
        {
            telemetry.Injected(uri, forwardProxy);
        }

        return clone;
    }

    /// <summary>
    /// Shows the caller and its loggers the request that they know, keeps shared caches from storing a response that an identity decides,
    /// and marks a redirect for the redirect handler.
    /// </summary>
    internal void Complete(HttpResponseMessage response, HttpRequestMessage request, bool isForwarded, bool carriesIdentity)
    {
        response.RequestMessage = request;

        if (carriesIdentity || SharedCaching.VariesByIdentity(response, plan.HeaderNames))
        {
            SharedCaching.Forbid(response, request.Method);
        }

        if (Redirection.IsRedirect(response))
        {
            // The caller of an unknown user, or a handler further in, may have put an identity under one of the names.
            RedirectIdentityMarker.Mark(response, this, carriesIdentity || (isForwarded && _checks.HasIdentityHeader(request)));
        }
    }

    /// <summary>Removes the headers that <see cref="Apply"/> set on an identity clone.</summary>
    internal void RemoveIdentityHeaders(IdentityRequestMessage clone) => _writer.Remove(clone);

    bool IRedirectPolicy.IsTrusted(Uri target) => plan.IsTrusted(target);

    void IRedirectPolicy.OnIdentityRedirectRefused(Uri from, Uri target) => telemetry.IdentityRedirectRefused(from, target);

    void IRedirectPolicy.OnTrustedTargetRefused(Uri from, Uri target) => telemetry.TrustedTargetRefused(from, target);

    void IRedirectPolicy.OnSessionRedirectRefused(Uri from, Uri target) => telemetry.SessionRedirectRefused(from, target);

    void IRedirectPolicy.OnContentNotRepeatable() => telemetry.ContentNotRepeatable();

    private HttpRequestMessage Strip(HttpRequestMessage request, ClaimsPrincipal? user) => _checks.FindIdentityHeaders(request) is { } found
        ? Remove(found, request as IdentityRequestMessage ?? IdentityRequestMessage.Create(request, user ?? new ClaimsPrincipal()))
        : request;

    private IdentityRequestMessage Clean(IdentityRequestMessage clone) =>
        _checks.FindIdentityHeaders(clone) is { } found ? Remove(found, clone) : clone;

    private IdentityRequestMessage Fill(IdentityRequestMessage clone, HttpRequestMessage request)
    {
        telemetry.Stripped(_checks.CopyOtherHeaders(request, clone));
        clone.HeaderSource = null;
        return clone;
    }

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
