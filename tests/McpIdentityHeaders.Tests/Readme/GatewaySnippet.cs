using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>The gateway of docs/start.md, as it stands there.</summary>
internal static class GatewaySnippet
{
    internal static void Register(WebApplicationBuilder builder, Uri endpoint)
    {
        // <snippet>
        builder.Services.AddAuthentication("Cookies").AddCookie(); // or whatever your users sign in with
        builder.Services.AddAuthorization();
        builder.Services
            .AddMcpClient("notes", endpoint)
            .AddClaimInjection();
        // </snippet>
    }

    internal static void Map(WebApplication app)
    {
        // <snippet>
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapPost("/notes/{tool}", async (string tool, ClaimsPrincipal user, IMcpClientPool clients, CancellationToken cancellationToken) =>
        {
            using IdentityScope scope = AmbientIdentity.Use(user);
            await using McpClientLease lease = await clients.RentAsync("notes", cancellationToken);
            return await lease.Client.CallToolAsync(tool, cancellationToken: cancellationToken);
        }).RequireAuthorization();
        // </snippet>
    }
}
