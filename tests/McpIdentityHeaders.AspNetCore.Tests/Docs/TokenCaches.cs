using ModelContextProtocol.Authentication;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Stands for an application's token caches, one for each user.</summary>
internal abstract class TokenCaches
{
    public abstract ITokenCache For(ClaimsPrincipal user);
}
