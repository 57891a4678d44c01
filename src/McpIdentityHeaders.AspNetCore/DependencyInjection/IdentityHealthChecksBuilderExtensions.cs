using McpIdentityHeaders;
using McpIdentityHeaders.AspNetCore.Internal;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Health checks of what stands between a user's call and its backend: the pool's sessions, and the keys of assertions.</summary>
public static class IdentityHealthChecksBuilderExtensions
{
    private static readonly TimeSpan DefaultExpiryWarning = TimeSpan.FromDays(7);

    /// <summary>Checks how far the bounds of <see cref="IMcpClientPool"/> are used up, for all MCP clients.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What a failure counts as; <see langword="null"/> for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to filter checks by.</param>
    /// <param name="degradedAt">
    /// The share of a bound from which on the pool is degraded: more than 0 and at most 1. The default value is 0.9.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// Unhealthy: all of <see cref="McpClientPoolOptions.MaxSessions"/> are leased, or as many rents wait as may, so that the next one
    /// fails. Degraded: near either bound, or no session is left for anonymous users, who can cause that and no more. It opens no session
    /// and sends nothing; its data are counts by the client's name.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="name"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="degradedAt"/> is not more than 0 and at most 1.</exception>
    /// <exception cref="Options.OptionsValidationException">At start-up: there is no MCP client.</exception>
    public static IHealthChecksBuilder AddMcpClientPool(
        this IHealthChecksBuilder builder,
        string name = "mcp-client-pool",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        double degradedAt = 0.9)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (degradedAt is not (> 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(degradedAt), degradedAt, "Give a share of the bound: more than 0 and at most 1, such as 0.9.");
        }

        builder.Services.AddStartupCheck(name, services => McpClientPoolHealthCheck.ThrowIfNoClient(services, name));
        return builder.Add(new HealthCheckRegistration(
            name, services => new McpClientPoolHealthCheck(services, degradedAt), failureStatus, tags));
    }

    /// <summary>Checks the keys of signed assertions: of all clients that sign them, and of all schemes that verify them.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What a failure counts as; <see langword="null"/> for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to filter checks by.</param>
    /// <param name="expiryWarning">
    /// How long before the signing certificate expires the check is degraded. <see langword="null"/> means 7 days.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// Unhealthy: a client has no key that signs now, or a scheme's keys were never fetched. Degraded: the signing certificate expires
    /// soon, a changed key file could not be read, or keys could not be fetched again. The check fetches a scheme's keys where no request
    /// has, so that a backend is ready before its first request.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="name"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="expiryWarning"/> is negative.</exception>
    /// <exception cref="Options.OptionsValidationException">
    /// At start-up: no client signs assertions, and no scheme verifies them.
    /// </exception>
    public static IHealthChecksBuilder AddIdentityAssertionKeys(
        this IHealthChecksBuilder builder,
        string name = "identity-assertion-keys",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        TimeSpan? expiryWarning = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        TimeSpan warning = expiryWarning ?? DefaultExpiryWarning;
        ArgumentOutOfRangeException.ThrowIfLessThan(warning, TimeSpan.Zero, nameof(expiryWarning));

        builder.Services.AddStartupCheck(name, services => IdentityAssertionKeysHealthCheck.ThrowIfNoKeys(services, name));
        return builder.Add(new HealthCheckRegistration(
            name, services => new IdentityAssertionKeysHealthCheck(services, warning), failureStatus, tags));
    }
}
