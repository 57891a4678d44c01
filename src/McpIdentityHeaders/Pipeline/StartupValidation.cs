using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Runs all start-up checks before any other hosted service starts. ValidateOnStart would create an IOptionsMonitor, which throws into the
/// code that reloads an invalid configuration.
/// </summary>
internal sealed class StartupValidation(IServiceProvider services, IEnumerable<StartupCheck> checks) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        List<Exception> errors = [];
        foreach (StartupCheck check in checks)
        {
            try
            {
                check.Validate(services);
            }
            catch (Exception exception)
            {
                errors.Add(exception is InvalidOperationException
                    ? new OptionsValidationException(check.Name, typeof(StartupCheck), [exception.Message])
                    : exception);
            }
        }

        if (errors is [var single])
        {
            ExceptionDispatchInfo.Throw(single);
        }

        return errors.Count == 0 ? Task.CompletedTask : throw new AggregateException(errors);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
