namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>Threads that start before the work, and all begin it at once.</summary>
internal sealed class WorkerThreads : IDisposable
{
    private readonly Barrier _start;
    private readonly Barrier _end;
    private Action? _work;

    public WorkerThreads(int threads)
    {
        _start = new Barrier(threads + 1);
        _end = new Barrier(threads + 1);
        for (int thread = 0; thread < threads; thread++)
        {
            new Thread(Run) { IsBackground = true }.Start();
        }
    }

    /// <summary>Runs the work once on each thread, and waits for the last.</summary>
    public void Work(Action work)
    {
        _work = work;
        _start.SignalAndWait();
        _end.SignalAndWait();
    }

    public void Dispose()
    {
        _work = null;
        _start.SignalAndWait();
        _end.SignalAndWait();
        _start.Dispose();
        _end.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _start.SignalAndWait();
            if (_work is not { } work)
            {
                _end.SignalAndWait();
                return;
            }

            work();
            _end.SignalAndWait();
        }
    }
}
