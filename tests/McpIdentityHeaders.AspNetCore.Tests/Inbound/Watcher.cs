using System.Collections.Concurrent;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>A task that asks who its user is, over and over, until it is stopped.</summary>
internal sealed class Watcher
{
    private readonly ConcurrentDictionary<string, bool> _seen = new();
    private readonly Task _task;
    private long _looks;
    private volatile bool _stopped;

    /// <summary>Starts it in the calling flow.</summary>
    public Watcher(Func<string> look) => _task = Task.Factory.StartNew(
        () =>
        {
            while (!_stopped)
            {
                _seen[look()] = true;
                Interlocked.Increment(ref _looks);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    /// <summary>Gets all whom it has seen.</summary>
    public IEnumerable<string> Seen => _seen.Keys.Order();

    /// <summary>Ends when it has begun a look after now, and ended it.</summary>
    public async Task LooksAsync()
    {
        long enough = Interlocked.Read(ref _looks) + 2;
        while (Interlocked.Read(ref _looks) < enough && !_task.IsCompleted)
        {
            await Task.Yield();
        }
    }

    /// <summary>Forgets whom it has seen before.</summary>
    public async Task ForgetAsync()
    {
        // A look that has begun is not to be remembered after it.
        await LooksAsync();
        _seen.Clear();
    }

    public Task StopAsync()
    {
        _stopped = true;
        return _task.WaitAsync(AsyncGate.Patience);
    }
}
