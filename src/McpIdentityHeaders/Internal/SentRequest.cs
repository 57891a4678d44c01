namespace McpIdentityHeaders.Internal;

/// <summary>What is remembered of a request while its answer is waited for: whose answer it is, and under which plan it went out.</summary>
/// <param name="request">The caller's own request.</param>
/// <param name="plan">The plan that it was served by.</param>
/// <param name="carriesIdentity">Whether identity headers went out with it.</param>
/// <param name="asItWas">Whether it went out itself, and no clone of it.</param>
internal readonly struct SentRequest(HttpRequestMessage request, ClaimInjectionPlan plan, bool carriesIdentity, bool asItWas)
{
    internal HttpRequestMessage Request => request;

    /// <summary>What the caller and its loggers see is the request that they know, with no identity in it.</summary>
    internal void Clean(HttpResponseMessage response)
    {
        response.RequestMessage = request;

        // What the caller itself put under an owned name, and was forwarded while the user was not known, is an identity too.
        if (Redirection.IsRedirect(response) && (carriesIdentity || (asItWas && RequestChecks.HasOwned(request, plan.OwnedNames))))
        {
            CarriedIdentity.Mark(response);
        }
    }
}
