using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

internal sealed class HttpContextIdentityAccessor : IIdentityAccessor
{
    /// <exception cref="InvalidOperationException">Another accessor stands where ours has to: requests' users would not be known.</exception>
    public HttpContextIdentityAccessor(IHttpContextAccessor accessor)
    {
        if (accessor is not RequestFlowAccessor)
        {
            throw new InvalidOperationException(
                $"AddHttpContextIdentity brings an IHttpContextAccessor of its own, and {accessor.GetType().Name} was registered in its place. "
                + "Remove that one, or register an IIdentityAccessor that reads it in place of AddHttpContextIdentity.");
        }
    }

    public ClaimsPrincipal? User => AmbientIdentity.User ?? RequestFlowAccessor.User;
}
