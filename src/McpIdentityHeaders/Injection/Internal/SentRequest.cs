namespace McpIdentityHeaders.Internal;

/// <summary>What is remembered of a request while its answer is waited for: whose answer it is, and under which plan it went out.</summary>
/// <param name="request">The request as the caller knows it.</param>
/// <param name="plan">The plan that it was served by.</param>
/// <param name="carriesIdentity">Whether identity headers went out with it.</param>
/// <param name="isItself">Whether this very message went out, and no clone of it.</param>
internal readonly struct SentRequest(HttpRequestMessage request, ClaimInjectionPlan plan, bool carriesIdentity, bool isItself)
{
    internal HttpRequestMessage Request => request;

    /// <summary>What the caller and its loggers see is the request that they know, with no identity in it.</summary>
    internal void Clean(HttpResponseMessage response)
    {
        response.RequestMessage = request;

        // What others put under an owned name is an identity too: the caller, whose user was not known, or a handler behind.
        if (Redirection.IsRedirect(response) && (carriesIdentity || (isItself && RequestChecks.HasOwned(request, plan.HeaderNames))))
        {
            RedirectIdentityMarker.Mark(response);
        }
    }
}
