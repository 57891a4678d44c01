using Microsoft.Extensions.Hosting;

namespace McpIdentityHeaders.Internal;

/// <summary>Closes the sessions once the host has stopped its services, which may still rent. Without a host, disposal does.</summary>
internal sealed class McpClientPoolShutdown : IHostedLifecycleService
{
    /// <summary>Gets or sets the pool, which registers itself: stopping must not create one.</summary>
    internal McpClientPool? Pool { get; set; }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Pool?.ShutDownAsync(cancellationToken) ?? Task.CompletedTask;
}
