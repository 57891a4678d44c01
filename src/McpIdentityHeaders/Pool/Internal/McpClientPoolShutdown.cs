using Microsoft.Extensions.Hosting;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Closes the pool's sessions when the host has stopped everything else: what still runs until then may need them. Without a host, the
/// container's disposal does.
/// </summary>
internal sealed class McpClientPoolShutdown : IHostedLifecycleService
{
    /// <summary>Gets or sets the pool, if it was ever asked for. It says so itself, so that stopping makes none.</summary>
    internal McpClientPool? Pool { get; set; }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Pool?.ShutDownAsync(cancellationToken) ?? Task.CompletedTask;
}
