using System.Security.Claims;

namespace McpIdentityHeaders.AspNetCore.Internal;

internal sealed class HttpContextIdentityAccessor : IIdentityAccessor
{
    public ClaimsPrincipal? User => AmbientIdentity.User ?? HttpRequestFlow.User;
}
