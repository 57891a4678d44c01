using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>The gateway of docs/start.md, run.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task Gateway_calls_the_backend_as_the_signed_in_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        GatewaySnippet.Register(builder, backend.Endpoint);
        await using WebApplication gateway = builder.Build();
        gateway.Use((context, next) =>
        {
            // Stands for a real sign-in.
            context.User = Users.Named(context.Request.Headers.Authorization.ToString());
            return next(context);
        });
        GatewaySnippet.Map(gateway);
        await gateway.StartAsync();

        using var browser = new HttpClient { BaseAddress = new Uri(gateway.Urls.Single()) };
        string[] responses = await Task.WhenAll(new[] { "alice", "bob" }.Select(async user =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/notes/whoami");
            request.Headers.TryAddWithoutValidation("Authorization", user);
            using HttpResponseMessage response = await browser.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }));

        Assert.Contains("\"alice\"", responses[0], StringComparison.Ordinal);
        Assert.Contains("\"bob\"", responses[1], StringComparison.Ordinal);
    }
}
