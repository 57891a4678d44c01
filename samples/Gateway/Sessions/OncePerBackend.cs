namespace Gateway.Sessions;

/// <summary>What is found out, or started, once for each backend. What failed is tried again.</summary>
internal sealed class OncePerBackend<T>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<T>> _tasks = [];

    public IReadOnlyCollection<Task<T>> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _tasks.Values];
            }
        }
    }

    public Task<T> GetAsync(string prefix, Func<Task<T>> start)
    {
        lock (_lock)
        {
            if (!_tasks.TryGetValue(prefix, out Task<T>? task) || task.IsFaulted || task.IsCanceled)
            {
                _tasks[prefix] = task = start();
            }

            return task;
        }
    }
}
