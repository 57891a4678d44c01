using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The responses of the redirect tests' servers.</summary>
internal static class RedirectTesting
{
    /// <summary>Method, path, query and body of the request, for a test to see what arrived.</summary>
    public static async Task Echo(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync();
        await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {body}".Trim());
    }

    /// <summary>Redirects requests for one path, and echoes all others.</summary>
    public static RequestDelegate From(string path, int status, string? location) =>
        context => context.Request.Path == path ? To(context, status, location) : Echo(context);

    /// <summary>Redirects every request.</summary>
    public static RequestDelegate Always(int status, string location) => context => To(context, status, location);

    private static async Task To(HttpContext context, int status, string? location)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Response.StatusCode = status;
        if (location is not null)
        {
            context.Response.Headers.Location = location;
        }

        await context.Response.WriteAsync("moved");
    }
}
