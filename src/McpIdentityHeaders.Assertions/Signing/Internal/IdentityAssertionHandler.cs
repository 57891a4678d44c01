using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Sets the signed assertion on the clone that the injection handler has made. In the pipeline it stands right behind that, before the
/// primary handler. It holds no user and no settings: both come with the clone.
/// </summary>
internal sealed class IdentityAssertionHandler : DelegatingHandler
{
    private const string Authorization = "Authorization";
    private const string McpSessionId = "Mcp-Session-Id";

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return IsSetAtOnce(request)
            ? base.Send(request, cancellationToken)
            : SendCoreAsync((IdentityRequestMessage)request, async: false, cancellationToken).GetAwaiter().GetResult();
    }

    /// <remarks>No state machine on the common path: the injection handler in front has one, and isolates the flow.</remarks>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return IsSetAtOnce(request)
            ? base.SendAsync(request, cancellationToken)
            : SendCoreAsync((IdentityRequestMessage)request, async: true, cancellationToken);
    }

    /// <summary>Sets an assertion that needs neither the content nor a caller's header. Returns whether nothing is left to do.</summary>
    private static bool IsSetAtOnce(HttpRequestMessage request)
    {
        // Only the injection handler sets the claims, and only for a trusted origin.
        if (request is not IdentityRequestMessage { CarriedUser: AssertedClaims claims } clone)
        {
            return true;
        }

        IdentityAssertionPlan plan = GetPlan(claims);
        if (plan.Options.BindRequest || plan.Options.UseAuthorizationHeader)
        {
            return false;
        }

        SetHeader(clone, plan, plan.Signer.GetToken(claims, plan.GetAudience(clone, claims)));
        return true;
    }

    private async Task<HttpResponseMessage> SendCoreAsync(IdentityRequestMessage clone, bool async, CancellationToken cancellationToken)
    {
        var claims = (AssertedClaims)clone.CarriedUser!;
        IdentityAssertionPlan plan = GetPlan(claims);
        ThrowIfAuthorized(clone, plan);

        string audience = plan.GetAudience(clone, claims);
        string token = plan.Options.BindRequest
            ? plan.Signer.SignBound(claims, audience, await BindAsync(clone, plan, async, cancellationToken).ConfigureAwait(false))
            : plan.Signer.GetToken(claims, audience);
        if (plan.Options.UseAuthorizationHeader)
        {
            clone.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        else
        {
            SetHeader(clone, plan, token);
        }

        try
        {
            return async
                ? await base.SendAsync(clone, cancellationToken).ConfigureAwait(false)
                : base.Send(clone, cancellationToken);
        }
        finally
        {
            // A handler in between sees this clone again, and may send it again. All other headers of this library are removed in front.
            if (plan.Options.UseAuthorizationHeader)
            {
                clone.Headers.Authorization = null;
            }
        }
    }

    private static IdentityAssertionPlan GetPlan(AssertedClaims claims) =>
        (IdentityAssertionPlan)((ClaimInjectionPlan)claims.Source).Assertion!;

    private static void SetHeader(IdentityRequestMessage clone, IdentityAssertionPlan plan, string token)
    {
        string encoded = HeaderValueEncoder.EncodeSingle(token, HeaderValueEncoding.Mcp);

        // Fail closed: what cannot be set must not go out unsigned.
        if (!clone.Headers.TryAddWithoutValidation(plan.Options.HeaderName, encoded))
        {
            throw plan.Signer.Reject(
                $"the header '{plan.Options.HeaderName}' cannot be a request header. Choose another IdentityAssertionOptions.HeaderName");
        }
    }

    private static void ThrowIfAuthorized(IdentityRequestMessage clone, IdentityAssertionPlan plan)
    {
        if (plan.Options.UseAuthorizationHeader && clone.Headers.NonValidated.Contains(Authorization))
        {
            throw plan.Signer.Reject(
                "it has an Authorization header already, and IdentityAssertionOptions.UseAuthorizationHeader would replace it. Take out "
                + "the handler that sets it, or send the assertion in a header of its own");
        }
    }

    private static async Task<RequestBinding> BindAsync(
        IdentityRequestMessage clone, IdentityAssertionPlan plan, bool async, CancellationToken cancellationToken)
    {
        if (!ContentDigest.CanCompute(clone.Content))
        {
            throw plan.Signer.Reject(
                "its assertion is bound to its content, which may not be read before it is sent. Send content that can be read twice, "
                + "such as a ByteArrayContent, or set IdentityAssertionOptions.BindRequest to false");
        }

        string digest = await ContentDigest.ComputeAsync(clone.Content, async, cancellationToken).ConfigureAwait(false);
        string? session = clone.Headers.NonValidated.TryGetValues(McpSessionId, out HeaderStringValues values) ? values.ToString() : null;

        // Parse: a known method goes out in upper case, however the caller wrote it.
        return new RequestBinding(HttpMethod.Parse(clone.Method.Method).Method, plan.GetTarget(clone), digest, session);
    }
}
