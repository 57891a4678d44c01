using Microsoft.AspNetCore.Authentication.JwtBearer;
using ModelContextProtocol.AspNetCore.Authentication;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace Proxy;

/// <summary>The whole proxy: who its callers are, which backends it has, and what goes from the one to the other.</summary>
public static class ProxyApp
{
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ContentRootPath = Path.Combine(AppContext.BaseDirectory, "Proxy.settings"),
        });
        IServiceCollection services = builder.Services;
        var settings = new ProxySettings(builder.Configuration);

        // 1. Who the caller is: a token of the issuer's, made for this proxy and no other. Who has none is told where to get it.
        services
            .AddAuthentication(options =>
            {
                options.DefaultScheme = JwtBearerDefaults.AuthenticationScheme;
                options.DefaultChallengeScheme = McpAuthenticationDefaults.AuthenticationScheme;
            })
            .AddJwtBearer(options =>
            {
                options.Authority = settings.Authority;
                options.Audience = settings.Audience;
                options.RequireHttpsMetadata = settings.RequiresHttps;
                options.MapInboundClaims = false;
            })
            .AddMcp(options => options.ResourceMetadata = new() { AuthorizationServers = { settings.Authority } });
        services.AddAuthorization();

        // 2. Who the backends learn that the caller is. Each has its own secret, or none.
        foreach (BackendSettings backend in settings.Backends)
        {
            IHttpClientBuilder client = services.AddHttpClient(backend.Name)
                .AddClaimInjection(builder.Configuration.GetSection("Identity"))
                .AddClaimInjection(options => options.TrustedOrigins.Add(backend.Endpoint));
            if (backend.Identity.Exists())
            {
                client.AddClaimInjection(backend.Identity);
            }
        }

        // 3. All else goes through as it is, but for the token. A stream may be silent for as long as its two ends like.
        services.AddSingleton<IForwarderHttpClientFactory, IdentityForwarderHttpClientFactory>();
        services.AddReverseProxy().LoadFromMemory(
            [.. settings.Backends.Select(backend => new RouteConfig
            {
                RouteId = backend.Name,
                ClusterId = backend.Name,
                Match = new RouteMatch { Path = $"/{backend.Name}/mcp" },
            }
            .WithTransformPathSet(backend.Endpoint.AbsolutePath).WithTransformRequestHeaderRemove("Authorization"))],
            [.. settings.Backends.Select(backend => new ClusterConfig
            {
                ClusterId = backend.Name,
                HttpRequest = new ForwarderRequestConfig { ActivityTimeout = Timeout.InfiniteTimeSpan },
                Destinations = new Dictionary<string, DestinationConfig> { ["backend"] = new() { Address = backend.Address } },
            })])
            .AddTransforms(route => route.RequestTransforms.Add(new UserTransform()));

        // 4. The pipeline. What outsiders claim to be goes first, before it can choose a route, and after it comes who they are.
        WebApplication app = builder.Build();
        app.UseIdentityHeaderStripping().UseRouting().UseAuthentication().UseAuthorization();
        app.MapReverseProxy().RequireAuthorization();
        return app;
    }
}
