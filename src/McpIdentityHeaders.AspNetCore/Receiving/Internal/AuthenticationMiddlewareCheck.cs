using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Warns where nothing authenticates: untrusted identity headers would then reach endpoints that read them by
/// themselves.
/// </summary>
internal sealed class AuthenticationMiddlewareCheck(ILoggerFactory loggerFactory) : IStartupFilter
{
    // Set by UseAuthentication, and read by WebApplicationBuilder for the same purpose.
    private const string AuthenticationMiddlewareSet = "__AuthenticationMiddlewareSet";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        if (!app.Properties.ContainsKey(AuthenticationMiddlewareSet))
        {
            loggerFactory.CreateLogger(IdentityHeadersScheme.LogCategory).AuthenticationMiddlewareMissing();
        }
    };
}
