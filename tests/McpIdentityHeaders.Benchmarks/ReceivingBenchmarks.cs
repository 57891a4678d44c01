using BenchmarkDotNet.Attributes;
using McpIdentityHeaders.AspNetCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// What a backend does for a request before its endpoint, without a socket. The baseline is a request without an identity at a backend that
/// reads none.
/// </summary>
[MemoryDiagnoser]
public class ReceivingBenchmarks
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    private readonly MemoryServer _plain = new();
    private readonly MemoryServer _receiving = new();

    [GlobalSetup]
    public async Task StartAsync()
    {
        await StartAsync(_plain, services => services.AddAuthentication());
        await StartAsync(_receiving, services => services.AddAuthentication().AddIdentityHeaders(options =>
            options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", Secret))));
    }

    [Benchmark(Baseline = true)]
    public Task<int> WithoutScheme() => SendAsync(_plain, hasIdentity: false);

    [Benchmark]
    public Task<int> WithoutIdentity() => SendAsync(_receiving, hasIdentity: false);

    [Benchmark]
    public Task<int> WithIdentity() => SendAsync(_receiving, hasIdentity: true);

    private static Task StartAsync(MemoryServer server, Action<IServiceCollection> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServer>(server);
        configure(builder.Services);
        WebApplication app = builder.Build();
        app.UseAuthentication();
        app.Run(context =>
        {
            bool isUser = context.User.Identity?.IsAuthenticated is true;
            context.Response.StatusCode = isUser ? StatusCodes.Status200OK : StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        return app.StartAsync();
    }

    private static Task<int> SendAsync(MemoryServer server, bool hasIdentity)
    {
        var request = new HttpRequestFeature { Method = "POST", Path = "/mcp", Scheme = "http", Protocol = "HTTP/1.1" };
        IHeaderDictionary headers = request.Headers;
        headers.Host = "backend.test";
        headers.Accept = "application/json, text/event-stream";
        headers.ContentType = "application/json";
        headers.ContentLength = 120;
        headers["MCP-Protocol-Version"] = "2026-07-28";
        headers["Mcp-Method"] = "tools/call";
        headers["Mcp-Name"] = "whoami";
        headers.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        if (hasIdentity)
        {
            headers["X-User-Sub"] = "alice";
            headers["X-User-Email"] = "alice@example.com";
            headers["X-User-Name"] = "Alice Adams";
            headers["X-Gateway-Secret"] = Secret;
        }

        return server.SendAsync(request);
    }
}
