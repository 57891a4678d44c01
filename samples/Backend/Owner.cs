using System.Security.Claims;

namespace Backend;

/// <summary>Whom data belongs to. A subject alone is not enough: two issuers may both have one of the same name.</summary>
internal readonly record struct Owner(string Issuer, string Subject)
{
    /// <summary>The claim's issuer is the one that the gateway named (X-User-Issuer), else the scheme that read the headers.</summary>
    public static Owner Of(ClaimsPrincipal user) => user.FindFirst("sub") is { } subject
        ? new Owner(subject.Issuer, subject.Value)
        : throw new InvalidOperationException(
            "The user has no 'sub' claim. Require authorization on the endpoint, and keep X-User-Sub among the headers.");
}
