using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Readme;

/// <summary>The gateway of docs/gateways.md and the backend of docs/start.md, run.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task Backend_knows_the_user_who_is_signed_in_at_the_gateway()
    {
        await using WebApplication backend = await StartAsync(
            EdgesSnippet.RegisterBackend,
            app => app.UseAuthentication(),
            mcp: services => services.AddMcpServer().WithHttpTransport().WithTools<ClaimsTools>());
        await using WebApplication gateway = await StartAsync(
            builder => EdgesSnippet.RegisterGateway(builder, new Uri($"{backend.Urls.Single()}/mcp")),
            app =>
            {
                // Stands for a real sign-in.
                app.Use((context, next) =>
                {
                    context.User = Users.Named(context.Request.Headers.Authorization.ToString());
                    return next(context);
                });
                EdgesSnippet.MapGateway(app);
            });

        using var browser = new HttpClient { BaseAddress = new Uri(gateway.Urls.Single()) };
        foreach (string user in new[] { "alice", "bob" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/notes/subject");
            request.Headers.TryAddWithoutValidation("Authorization", user);
            request.Headers.TryAddWithoutValidation("X_User_Sub", "mallory");
            using HttpResponseMessage response = await browser.SendAsync(request);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Contains($"\"{user}\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task<WebApplication> StartAsync(
        Action<WebApplicationBuilder> register, Action<WebApplication> map, Action<IServiceCollection>? mcp = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        register(builder);
        mcp?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        map(app);
        if (mcp is not null)
        {
            app.MapMcp("/mcp");
        }

        await app.StartAsync();
        return app;
    }
}
