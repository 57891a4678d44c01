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
    /// <param name="carriesIdentity">Whether the message carries identity headers.</param>
    /// <exception cref="ClaimInjectionException">The headers cannot be set safely. Nothing has been sent.</exception>
    internal HttpRequestMessage Apply(HttpRequestMessage request, ClaimsPrincipal? user, out bool carriesIdentity)
    {
        carriesIdentity = false;

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
                + "request.SetUser(user), or register an IIdentityAccessor that knows the user; null for either user makes the request anonymous");
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
                    "its user is anonymous and MissingIdentity is RequireUser. Have the user sign in first, or set another MissingIdentity");
            }

            HttpRequestMessage stripped = Strip(request, user);
            telemetry.AnonymousUser(user);
            return stripped;
        }

        if (request.RequestUri is not { IsAbsoluteUri: true } uri || !plan.IsServed(uri))
        {
            HttpRequestMessage stripped = Strip(request, user);
            telemetry.UntrustedOrigin(request.RequestUri);
            return stripped;
        }

        if (plan.RequireHttps && Origin.IsPlainAndRemote(uri))
        {
            throw telemetry.Reject(
                ClaimInjectionErrorReason.InsecureTransport, $"RequireHttps is set and {new Origin(uri)} is plain http. Use an https endpoint");
        }

        IdentityRequestMessage clone = request is IdentityRequestMessage carrier ? Clean(carrier) : CreateClone(request, user);
        carriesIdentity = _writer.Write(clone, user, uri);
        if (carriesIdentity)
        {
            telemetry.Injected(uri, plan.ServesAnyOriginByDefault);
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
    internal void RemoveIdentityHeaders(IdentityRequestMessage clone) => _writer.Remove(clone);

    bool IRedirectPolicy.IsTrusted(Uri target) => plan.IsTrusted(target);

    void IRedirectPolicy.OnIdentityRedirectRefused(Uri from, Uri target) => telemetry.IdentityRedirectRefused(from, target);

    void IRedirectPolicy.OnTrustedTargetRefused(Uri from, Uri target) => telemetry.TrustedTargetRefused(from, target);

    void IRedirectPolicy.OnContentNotRepeatable() => telemetry.ContentNotRepeatable();

    private HttpRequestMessage Strip(HttpRequestMessage request, ClaimsPrincipal? user) => _checks.FindIdentityHeaders(request) is { } found
        ? Remove(found, request as IdentityRequestMessage ?? IdentityRequestMessage.Create(request, user ?? new ClaimsPrincipal()))
        : request;

    private IdentityRequestMessage Clean(IdentityRequestMessage clone) =>
        _checks.FindIdentityHeaders(clone) is { } found ? Remove(found, clone) : clone;

    private IdentityRequestMessage CreateClone(HttpRequestMessage request, ClaimsPrincipal user)
    {
        IdentityRequestMessage clone = IdentityRequestMessage.CreateWithoutHeaders(request, user);
        telemetry.Stripped(_checks.CopyOtherHeaders(request, clone));
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
