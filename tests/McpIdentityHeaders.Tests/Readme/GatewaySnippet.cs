using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>The README's gateway, as it stands there.</summary>
internal static class GatewaySnippet
{
    internal static void Register(WebApplicationBuilder builder, Uri endpoint)
    {
        // <snippet>
        builder.Services
            .AddMcpClient("notes", endpoint)
            .AddClaimInjection();
        // </snippet>
    }

    internal static void Map(WebApplication app)
    {
        // <snippet>
        app.MapPost("/notes/{tool}", async (string tool, ClaimsPrincipal user, IMcpClientFactory clients, CancellationToken cancellationToken) =>
        {
            using IdentityScope scope = AmbientIdentity.Use(user);
            await using McpClient client = await clients.CreateClientAsync("notes", cancellationToken);
            return await client.CallToolAsync(tool, cancellationToken: cancellationToken);
        });
        // </snippet>
    }
}
