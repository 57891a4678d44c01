using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// An <see cref="IHttpContextAccessor"/> that tells a task that outlives its request, which is anonymous, from a flow outside any request,
/// whose user is unknown. The framework's own returns null for both.
/// </summary>
/// <remarks>The server sets it before the first middleware, and clears it after the last callback and the scope's disposal.</remarks>
internal sealed class RequestFlowAccessor : IHttpContextAccessor
{
    private static readonly AsyncLocal<Request?> Current = new();

    public HttpContext? HttpContext
    {
        get => Current.Value?.Context;
        set
        {
            // Ends the request for every flow that captured it.
            Current.Value?.End();
            if (value is not null)
            {
                Current.Value = new Request(value);
            }
        }
    }

    /// <summary>Gets the request's user; an anonymous one once the request has ended; null outside any request.</summary>
    internal static ClaimsPrincipal? User => Current.Value is { } request ? request.ReadUser() ?? new ClaimsPrincipal() : null;

    private sealed class Request(HttpContext context)
    {
        private volatile HttpContext? _context = context;

        internal HttpContext? Context => _context;

        internal void End() => _context = null;

        internal ClaimsPrincipal? ReadUser()
        {
            if (_context is not { } context)
            {
                return null;
            }

            ClaimsPrincipal? user;
            try
            {
                // HttpContext.User sets an empty user where there is none, which could overwrite a concurrent sign-in.
                user = context.Features.Get<IHttpAuthenticationFeature>()?.User;
            }
            catch (Exception) when (HasEnded())
            {
                return null;
            }

            // Servers reuse the HttpContext: after this request's end, the user just read may belong to the next request.
            return HasEnded() ? null : user;
        }

        private bool HasEnded()
        {
            // Full fence: the read of the user must not move behind this check.
            Interlocked.MemoryBarrier();
            return _context is null;
        }
    }
}
