namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>A fact that needs Prometheus, and is skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute() =>
        Skip = PrometheusServer.Program is null ? "Prometheus is not installed: apt-get install prometheus" : null;
}
