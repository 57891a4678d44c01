using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

internal sealed class HttpContextIdentityAccessor : IIdentityAccessor
{
    /// <exception cref="InvalidOperationException">Another accessor replaces this library's: users would be unknown.</exception>
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
