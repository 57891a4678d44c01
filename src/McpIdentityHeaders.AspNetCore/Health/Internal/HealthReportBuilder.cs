using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>What one health check finds: the worst of it is the status.</summary>
internal sealed class HealthReportBuilder
{
    private readonly List<string> _failures = [];
    private readonly List<string> _warnings = [];
    private readonly Dictionary<string, object> _data = new(StringComparer.Ordinal);

    internal void AddFailure(string message) => _failures.Add(message);

    internal void AddWarning(string message) => _warnings.Add(message);

    internal void AddData(string key, object value) => _data[key] = value;

    /// <param name="failureStatus">What the application has failures count as.</param>
    internal HealthCheckResult Build(HealthStatus failureStatus)
    {
        // A warning never counts as worse than a failure: the application may have failures count as nothing.
        HealthStatus warningStatus = failureStatus > HealthStatus.Degraded ? failureStatus : HealthStatus.Degraded;
        HealthStatus status = _failures.Count > 0 ? failureStatus : _warnings.Count > 0 ? warningStatus : HealthStatus.Healthy;
        string[] messages = [.. _failures, .. _warnings];
        return new HealthCheckResult(status, messages.Length == 0 ? null : string.Join(' ', messages), data: _data);
    }
}
