using Gateway.Development;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore.Authentication;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// samples/Proxy without this library, and the same in all else: it validates the host and the user's token, takes the token out, and
/// forwards.
/// </summary>
internal static class PlainProxy
{
    public static WebApplication Create(DevelopmentIssuer issuer, Uri backend)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(LoadServers.Silence);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["AllowedHosts"] = "127.0.0.1";
        builder.Services
            .AddAuthentication(options =>
            {
                options.DefaultScheme = JwtBearerDefaults.AuthenticationScheme;
                options.DefaultChallengeScheme = McpAuthenticationDefaults.AuthenticationScheme;
            })
            .AddJwtBearer(options =>
            {
                options.Authority = issuer.Authority;
                options.Audience = DevelopmentIssuer.Audience;
                options.RequireHttpsMetadata = false;
                options.MapInboundClaims = false;
            })
            .AddMcp(options => options.ResourceMetadata = new() { AuthorizationServers = { issuer.Authority } });
        builder.Services.AddAuthorization();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [
                new RouteConfig { RouteId = "mcp", ClusterId = "backend", Match = new RouteMatch { Path = "/mcp" } }
                    .WithTransformPathSet("/mcp")
                    .WithTransformRequestHeaderRemove("Authorization"),
            ],
            [
                new ClusterConfig
                {
                    ClusterId = "backend",
                    HttpRequest = new ForwarderRequestConfig { ActivityTimeout = Timeout.InfiniteTimeSpan },
                    Destinations = new Dictionary<string, DestinationConfig>
                    {
                        ["backend"] = new() { Address = backend.GetLeftPart(UriPartial.Authority) },
                    },
                },
            ]);

        WebApplication app = builder.Build();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapReverseProxy().RequireAuthorization();
        return app;
    }
}
