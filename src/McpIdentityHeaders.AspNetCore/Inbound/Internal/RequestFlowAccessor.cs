using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The <see cref="IHttpContextAccessor"/> that also knows, of a flow without an HttpContext, whether there was one. The framework's own gives
/// null to a task that outlives its request, as it does where there never was a request, and those must not be taken for each other.
/// </summary>
/// <remarks>The server sets it before the first middleware, and clears it after the last callback and the disposal of scoped services.</remarks>
internal sealed class RequestFlowAccessor : IHttpContextAccessor
{
    private static readonly AsyncLocal<Request?> Current = new();

    public HttpContext? HttpContext
    {
        get => Current.Value?.Context;
        set
        {
            // For all flows that it went into, this one being the last.
            Current.Value?.End();
            if (value is not null)
            {
                Current.Value = new Request(value);
            }
        }
    }

    /// <summary>Gets the request's user; nobody once it has ended; null where the flow is no request's.</summary>
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
                // Reading HttpContext.User would write where there is none, in the middle of a sign-in perhaps.
                user = context.Features.Get<IHttpAuthenticationFeature>()?.User;
            }
            catch (Exception) when (HasEnded())
            {
                return null;
            }

            // Servers use an HttpContext again for another request. If this one ended meanwhile, what was read may be that one's user.
            return HasEnded() ? null : user;
        }

        private bool HasEnded()
        {
            // Nothing that was read before may be read after.
            Interlocked.MemoryBarrier();
            return _context is null;
        }
    }
}
