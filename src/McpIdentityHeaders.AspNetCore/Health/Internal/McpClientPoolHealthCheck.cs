using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Tells how far the bounds of the pools are used up. It opens no session, and names no user.</summary>
/// <param name="services">The container.</param>
/// <param name="degradedAt">The share of a bound from which on the pool is degraded.</param>
internal sealed class McpClientPoolHealthCheck(IServiceProvider services, double degradedAt) : IHealthCheck
{
    /// <exception cref="InvalidOperationException">There is no pool to check.</exception>
    internal static void ThrowIfNoClient(IServiceProvider services, string name)
    {
        if (!services.GetServices<McpClientName>().Any())
        {
            throw new InvalidOperationException(
                $"Health check '{name}': there is no MCP client with a pool to check. Call AddMcpClient(…), or leave "
                + "AddMcpClientPool out.");
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<PoolUsage> pools = services.GetRequiredService<McpClientPool>().GetUsage();
        var report = new HealthReportBuilder();
        foreach (PoolUsage pool in pools)
        {
            Judge(pool, report);
            report.AddData($"{pool.Client}.sessions", pool.Sessions);
            report.AddData($"{pool.Client}.sessions.idle", pool.IdleSessions);
            report.AddData($"{pool.Client}.sessions.max", pool.MaxSessions);
            report.AddData($"{pool.Client}.rents.waiting", pool.WaitingRents);
        }

        return Task.FromResult(report.Build(context.Registration.FailureStatus));
    }

    private void Judge(PoolUsage pool, HealthReportBuilder report)
    {
        int inUse = pool.Sessions - pool.IdleSessions;
        if (inUse >= pool.MaxSessions)
        {
            report.AddFailure(
                $"MCP client '{pool.Client}': all of {pool.MaxSessions} sessions are in use. Give leases back sooner, or raise "
                + "McpClientPoolOptions.MaxSessions.");
        }
        else if (IsNear(pool.Sessions, pool.MaxSessions))
        {
            report.AddWarning(
                $"MCP client '{pool.Client}': {pool.Sessions} of {pool.MaxSessions} sessions are open. A further user's closes the one "
                + "that has been idle longest. Raise McpClientPoolOptions.MaxSessions.");
        }

        if (pool.WaitingRents >= pool.MaxWaitingRents)
        {
            report.AddFailure(
                $"MCP client '{pool.Client}': {pool.WaitingRents} rents wait for sessions to open, and further ones are refused. Find out "
                + "why the backend opens none.");
        }
        else if (IsNear(pool.WaitingRents, pool.MaxWaitingRents))
        {
            report.AddWarning(
                $"MCP client '{pool.Client}': {pool.WaitingRents} of {pool.MaxWaitingRents} rents wait for sessions to open. Find out why "
                + "the backend is slow to open them.");
        }

        // Never a failure: outsiders could take a replica out of service.
        if (pool.AnonymousSessions >= pool.MaxAnonymousSessions)
        {
            report.AddWarning(
                $"MCP client '{pool.Client}': all of {pool.MaxAnonymousSessions} sessions for anonymous users are in use. Give leases back "
                + "sooner, or raise McpClientPoolOptions.MaxAnonymousSessions.");
        }
    }

    private bool IsNear(long used, long limit) => used >= degradedAt * limit;
}
