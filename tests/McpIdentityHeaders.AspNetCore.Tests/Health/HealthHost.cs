using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Health;

/// <summary>A gateway on Kestrel with health checks at /healthz, which shows all that they tell.</summary>
internal sealed class HealthHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private HealthHost(WebApplication app)
    {
        _app = app;
        _http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public IServiceProvider Services => _app.Services;

    public static async Task<HealthHost> StartAsync(Action<IServiceCollection> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        configure(builder.Services);
        WebApplication app = builder.Build();
        Map(app);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new HealthHost(app);
    }

    public static void Map(WebApplication app) => app.MapHealthChecks("/healthz", new HealthCheckOptions { ResponseWriter = WriteAsync });

    public Task<HealthAnswer> CheckAsync() => CheckAsync(_http);

    public static async Task<HealthAnswer> CheckAsync(HttpClient http)
    {
        using HttpResponseMessage response = await http.GetAsync("/healthz");
        string body = await response.Content.ReadAsStringAsync();
        using JsonDocument report = JsonDocument.Parse(body);
        return new HealthAnswer((int)response.StatusCode, report.RootElement.GetProperty("status").GetString()!, body);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static Task WriteAsync(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(new
    {
        status = report.Status.ToString(),
        checks = report.Entries.Select(entry => new
        {
            entry.Key,
            Status = entry.Value.Status.ToString(),
            entry.Value.Description,
            Error = entry.Value.Exception?.ToString(),
            entry.Value.Data,
        }),
    });
}
