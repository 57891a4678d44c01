using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Backend;

/// <summary>
/// Which names this server is called by, and which web pages may call it. A page can make its own name lead to this machine (DNS rebinding)
/// and send requests from a network that is trusted; browsers then say in Host and Origin where the page comes from.
/// </summary>
internal static class BrowserAccess
{
    public static void AddBrowserAccess(this WebApplicationBuilder builder)
    {
        string[] hosts = builder.Configuration["AllowedHosts"]
            ?.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (hosts.Length == 0)
        {
            throw new InvalidOperationException(
                "AllowedHosts has to be the names that gateways call this backend by, separated by ';', such as "
                + "'backend.internal'. Set it in the configuration, or as AllowedHosts in the environment.");
        }

        builder.Services.PostConfigure<HostFilteringOptions>(options =>
        {
            options.AllowedHosts = hosts;
            options.AllowEmptyHosts = false;
        });
    }

    /// <summary>Refuses requests of pages with an origin that is not in <c>AllowedOrigins</c>. Programs send none.</summary>
    public static IApplicationBuilder UseBrowserAccess(this WebApplication app)
    {
        IConfigurationSection section = app.Configuration.GetSection("AllowedOrigins");
        HashSet<string> origins = [.. (section.Get<string[]>() ?? []).Select(ParseOrigin)];
        if (!string.IsNullOrWhiteSpace(section.Value))
        {
            throw new InvalidOperationException(
                "AllowedOrigins has to be a list. Set AllowedOrigins__0 in the environment, or a list in the configuration.");
        }

        return app.Use(next => context =>
        {
            if (context.Request.Headers.TryGetValue(HeaderNames.Origin, out StringValues origin) && !origins.Contains(origin.ToString()))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            }

            return next(context);
        });
    }

    private static string ParseOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && uri.GetLeftPart(UriPartial.Authority) == origin
            ? origin
            : throw new InvalidOperationException(
                $"AllowedOrigins: '{origin}' is no origin as browsers send it. Write scheme, host in small letters, and a port that is "
                + "not the scheme's own, such as 'https://app.example.com', without a '/' at the end.");
}
