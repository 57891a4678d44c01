using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The user of the HTTP request where <see cref="AmbientIdentity"/> has none.</summary>
internal sealed class HttpContextIdentityAccessor(IHttpContextAccessor accessor) : IIdentityAccessor
{
    public ClaimsPrincipal? User => AmbientIdentity.User ?? RequestUser;

    /// <summary>Gets the request's user; an anonymous one once the request has ended; null outside any request.</summary>
    private ClaimsPrincipal? RequestUser
    {
        get
        {
            if (accessor.HttpContext is { } context)
            {
                return ReadUser(context) ?? new ClaimsPrincipal();
            }

            return RequestFlow.Current is null ? null : new ClaimsPrincipal();
        }
    }

    private ClaimsPrincipal? ReadUser(HttpContext context)
    {
        ClaimsPrincipal? user;
        try
        {
            // HttpContext.User sets an empty user where there is none, which could overwrite a concurrent sign-in.
            user = context.Features.Get<IHttpAuthenticationFeature>()?.User;
        }
        catch (Exception) when (HasEnded(context))
        {
            return null;
        }

        // Servers reuse a request's features: after this request's end, the user just read may belong to the next request.
        return HasEnded(context) ? null : user;
    }

    private bool HasEnded(HttpContext context)
    {
        // Full fence: the read of the user must not move behind this check.
        Interlocked.MemoryBarrier();
        return RequestFlow.Current?.HasEnded(context) == true || !ReferenceEquals(accessor.HttpContext, context);
    }
}
