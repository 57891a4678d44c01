using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Sets the signed assertion on the clone that the injection handler has made. In the pipeline it stands right behind that, before the primary
/// handler. It holds no user.
/// </summary>
internal sealed class IdentityAssertionHandler(IdentityAssertionOptions options, AssertionSigner signer) : DelegatingHandler
{
    private const string SessionId = "Mcp-Session-Id";

    private readonly OriginNames _audiences = new();

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendCoreAsync(request, async: false, cancellationToken).GetAwaiter().GetResult();
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendCoreAsync(request, async: true, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendCoreAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        // Only the injection handler sets the claims, and only for a trusted origin.
        if (request is IdentityRequestMessage { AssertedClaims: { } claims })
        {
            ThrowIfAuthorized(request);
            string audience = options.Audience ?? _audiences.GetName(request.RequestUri!);
            string token = options.BindRequest
                ? signer.SignBound(claims, audience, await BindAsync(request, async, cancellationToken).ConfigureAwait(false))
                : signer.GetToken(claims, audience);
            SetToken(request, token);
        }

        return async
            ? await base.SendAsync(request, cancellationToken).ConfigureAwait(false)
            : base.Send(request, cancellationToken);
    }

    private void ThrowIfAuthorized(HttpRequestMessage request)
    {
        if (options.UseAuthorizationHeader && request.Headers.NonValidated.Contains("Authorization"))
        {
            throw signer.Reject(
                "it has an Authorization header already, and IdentityAssertionOptions.UseAuthorizationHeader would replace it. Take out the "
                + "handler that sets it, or send the assertion in a header of its own");
        }
    }

    private async Task<RequestBinding> BindAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        if (!ContentDigest.CanCompute(request.Content))
        {
            throw signer.Reject(
                "its assertion is bound to its content, which may not be read before it is sent. Send content that can be read twice, such as a "
                + "ByteArrayContent, or set IdentityAssertionOptions.BindRequest to false");
        }

        string digest = async
            ? await ContentDigest.ComputeAsync(request.Content, cancellationToken).ConfigureAwait(false)
            : ContentDigest.Compute(request.Content, cancellationToken);
        string? session = request.Headers.NonValidated.TryGetValues(SessionId, out HeaderStringValues values) ? values.ToString() : null;
        return new RequestBinding(request.Method.Method, OriginNames.GetTarget(request.RequestUri!), digest, session);
    }

    private void SetToken(HttpRequestMessage request, string token)
    {
        if (options.UseAuthorizationHeader)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        else
        {
            request.Headers.Add(options.HeaderName, HeaderValueEncoder.EncodeSingle(token, HeaderValueEncoding.Mcp));
        }
    }
}
