using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The flow of one HTTP request, and of every task that it starts. <see cref="IHttpContextAccessor"/> would do but for the tasks that outlive
/// the request: it gives them null, as it does where there never was a request, and those must not be taken for each other.
/// </summary>
internal sealed class HttpRequestFlow : IDisposable
{
    private static readonly AsyncLocal<HttpRequestFlow?> Current = new();

    private HttpContext? _context;

    private HttpRequestFlow(HttpContext context) => _context = context;

    /// <summary>Gets the request's user; nobody once it has ended; null where the flow is no request's.</summary>
    internal static ClaimsPrincipal? User => Current.Value is { } flow ? flow.ReadUser() ?? new ClaimsPrincipal() : null;

    /// <summary>Makes the current flow the request's. Call it from an async method, whose end restores the caller's flow.</summary>
    internal static HttpRequestFlow Enter(HttpContext context) => Current.Value = new HttpRequestFlow(context);

    public void Dispose() => Interlocked.Exchange(ref _context, null);

    private ClaimsPrincipal? ReadUser()
    {
        if (Volatile.Read(ref _context) is not { } context)
        {
            return null;
        }

        ClaimsPrincipal? user;
        try
        {
            user = context.User;
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
        return Volatile.Read(ref _context) is null;
    }
}
