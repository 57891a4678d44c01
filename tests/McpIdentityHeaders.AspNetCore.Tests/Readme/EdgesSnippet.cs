using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Readme;

/// <summary>The gateway of docs/gateways.md and the backend of docs/start.md, as they stand there.</summary>
internal static class EdgesSnippet
{
    public static void RegisterGateway(WebApplicationBuilder builder, Uri endpoint)
    {
        // <snippet>
        builder.Services.AddAuthentication("Cookies").AddCookie(); // or whatever your users sign in with
        builder.Services.AddAuthorization();
        builder.Services.AddMcpClient("notes", endpoint).AddClaimInjection();
        builder.Services.AddHttpContextIdentity();
        // </snippet>
    }

    public static void MapGateway(WebApplication app)
    {
        // <snippet>
        app.UseIdentityHeaderStripping();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapPost("/notes/{tool}", async (string tool, IMcpClientPool clients, CancellationToken cancellationToken) =>
        {
            await using McpClientLease lease = await clients.RentAsync("notes", cancellationToken);
            return await lease.Client.CallToolAsync(tool, cancellationToken: cancellationToken);
        }).RequireAuthorization();
        // </snippet>
    }

    public static void RegisterBackend(WebApplicationBuilder builder)
    {
        // <snippet>
        builder.Services.AddAuthentication().AddIdentityHeaders(options => options.TrustedPeers.Add("loopback"));
        // </snippet>
    }
}
