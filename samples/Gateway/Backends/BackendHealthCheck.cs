using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace Gateway.Backends;

/// <summary>Whether the backends answer at all, be it with 401: a health check is anonymous, and must not need to be anyone.</summary>
internal sealed class BackendHealthCheck(
    BackendDirectory backends, IHttpClientFactory clients, IOptionsMonitor<HttpClientTransportOptions> options)
    : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);

        bool[] answers = await Task.WhenAll(backends.Prefixes.Select(prefix => AnswersAsync(prefix, patience.Token)));
        cancellationToken.ThrowIfCancellationRequested();

        // A gateway without one of its backends still serves the others.
        return answers.All(answer => answer) ? HealthCheckResult.Healthy()
            : answers.Any(answer => answer) ? HealthCheckResult.Degraded()
            : HealthCheckResult.Unhealthy();
    }

    private async Task<bool> AnswersAsync(string prefix, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, options.Get(prefix).Endpoint);
            using HttpResponseMessage response = await clients.CreateClient(nameof(BackendHealthCheck))
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
