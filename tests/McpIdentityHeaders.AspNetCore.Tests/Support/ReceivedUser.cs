namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Who a server takes its caller for.</summary>
internal sealed record ReceivedUser(bool IsAuthenticated, string? Scheme, string? Name, IReadOnlyList<ReceivedClaim> Claims)
{
    public static ReceivedUser Of(ClaimsPrincipal user) => new(
        user.Identity?.IsAuthenticated == true,
        user.Identity?.AuthenticationType,
        user.Identity?.Name,
        [.. user.Claims.Select(claim => new ReceivedClaim(claim.Type, claim.Value, claim.Issuer))]);

    public string[] Values(string claimType) => [.. Claims.Where(claim => claim.Type == claimType).Select(claim => claim.Value)];
}
