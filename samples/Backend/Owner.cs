using System.Security.Claims;

namespace Backend;

/// <summary>Whose data it is: a subject is unique for its issuer only (OpenID Connect Core, section 2), so both together are the key.</summary>
internal sealed record Owner(string Issuer, string Subject)
{
    public static Owner Of(ClaimsPrincipal user) => user.FindFirst("sub") is { } subject
        ? new Owner(subject.Issuer, subject.Value)
        : throw new InvalidOperationException("There is no user. The MCP endpoint has to require authorization.");
}
