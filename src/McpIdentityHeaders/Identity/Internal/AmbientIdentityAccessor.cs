using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

internal sealed class AmbientIdentityAccessor : IIdentityAccessor
{
    public ClaimsPrincipal? User => AmbientIdentity.User;
}
