using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway;

/// <summary>
/// <c>/health/live</c>: this process answers. <c>/health</c>: each backend answers something, asked as nobody and without a session.
/// </summary>
internal static class BackendHealth
{
    public static void AddBackendHealthChecks(this IServiceCollection services, string[] prefixes)
    {
        services.AddHttpClient(nameof(BackendHealth), client => client.Timeout = TimeSpan.FromSeconds(5));
        IHealthChecksBuilder checks = services.AddHealthChecks();
        foreach (string prefix in prefixes)
        {
            checks.Add(new HealthCheckRegistration(
                prefix, provider => ActivatorUtilities.CreateInstance<Check>(provider, prefix), failureStatus: null, tags: null));
        }
    }

    public static void MapBackendHealthChecks(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health");
    }

    private sealed class Check(string prefix, IConfiguration configuration, IHttpClientFactory clients) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                using HttpClient client = clients.CreateClient(nameof(BackendHealth));
                using HttpResponseMessage response = await client.GetAsync(
                    new Uri(configuration[$"Backends:{prefix}:Endpoint"]!), HttpCompletionOption.ResponseHeadersRead, cancellationToken);

                // A 401 or 405 is an answer: it is there, and wants to know who is asking.
                return (int)response.StatusCode < 500
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Unhealthy($"It answers {(int)response.StatusCode}.");
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                return HealthCheckResult.Unhealthy("It does not answer.", exception);
            }
        }
    }
}
