using McpIdentityHeaders;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Removes identity headers from requests that come in.</summary>
public static class IdentityHeaderStrippingApplicationBuilderExtensions
{
    /// <summary>
    /// Removes from every request the identity headers in any client's <see cref="ClaimInjectionOptions"/>, and the shared secrets that any
    /// client or any receiving scheme knows, with their aliases (other case,
    /// <c>_</c> or <c>.</c> for <c>-</c>, characters other than letters, digits and these), and removes such names from the list in
    /// <c>Connection</c>.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <returns>The same application.</returns>
    /// <remarks>
    /// For a gateway that lets no caller speak for users. Call it before everything that reads headers, and <c>UseRouting</c>,
    /// <c>UseAuthentication</c> and <c>UseAuthorization</c> after it: a <c>WebApplication</c> puts those first by itself unless they are
    /// called. Where an <c>AddIdentityHeaders</c> scheme reads headers of the same names, call it after <c>UseAuthentication</c> instead;
    /// where only a secret's name is shared, either will do. Another order is logged once, as an error. The names of all clients count
    /// together, and follow their settings. The metric <c>mcp.identity.headers.stripped</c> counts what is removed.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="app"/> is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">No client has <c>AddClaimInjection</c>, so that there are no names.</exception>
    public static IApplicationBuilder UseIdentityHeaderStripping(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);

        InboundHeaders inbound = InboundHeaders.Create(app.ApplicationServices);
        var order = new StrippingOrder(app.ApplicationServices, inbound);
        var metrics = app.ApplicationServices.GetRequiredService<ClaimInjectionMetrics>();

        return app.Use((HttpContext context, RequestDelegate next) =>
        {
            order.Check(context);
            metrics.StrippedInbound(inbound.Strip(context.Request.Headers));
            return next(context);
        });
    }
}
