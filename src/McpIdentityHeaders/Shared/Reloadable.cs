using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// A value made from options, replaced as a whole when they change. Invalid changes leave the last valid value in force, and are reported
/// here: IOptionsMonitor would drop the value first and throw into the code that changed the configuration.
/// </summary>
/// <remarks>
/// No user code runs under the lock. The factory may subscribe to the very configuration that is reporting a change, and that waits for the
/// reporting thread: holding the lock meanwhile would be a deadlock.
/// </remarks>
internal sealed class Reloadable<T> : IDisposable
    where T : class
{
    private readonly Func<T?, T> _factory;
    private readonly Action _changed;
    private readonly Action<Exception> _rejected;
    private readonly IDisposable[] _subscriptions;
    private readonly Lock _gate = new();

    private volatile T? _value;
    private int _changes;

    /// <param name="factory">Makes the value, given the one in force; throws where the options are invalid.</param>
    /// <param name="sources">Give the tokens that report changes.</param>
    /// <param name="changed">Called when a new value is in force.</param>
    /// <param name="rejected">Called with the reason why the last value stays.</param>
    internal Reloadable(Func<T?, T> factory, IEnumerable<Func<IChangeToken>> sources, Action changed, Action<Exception> rejected)
    {
        _factory = factory;
        _changed = changed;
        _rejected = rejected;
        _subscriptions = [.. sources.Select(source => ChangeToken.OnChange(source, Reload))];
    }

    /// <summary>Gets the value. The first read makes it. Each read throws until the options are valid.</summary>
    internal T Value => _value ?? CreateFirst();

    public void Dispose() => Array.ForEach(_subscriptions, subscription => subscription.Dispose());

    private T CreateFirst()
    {
        while (true)
        {
            int changes = Volatile.Read(ref _changes);
            T value = _factory(null);
            lock (_gate)
            {
                // A change meanwhile makes this value stale: create it again.
                if (changes == _changes)
                {
                    return _value ??= value;
                }
            }
        }
    }

    private void Reload()
    {
        T current;
        int change;
        lock (_gate)
        {
            change = ++_changes;

            // No value is in force yet: the next read makes one.
            if (_value is null)
            {
                return;
            }

            current = _value;
        }

        Exception? error = null;
        try
        {
            T value = _factory(current);
            lock (_gate)
            {
                // A later change makes its own value.
                _value = change == _changes ? value : _value;
            }
        }
        catch (Exception exception)
        {
            error = exception;
        }

        Notify(error);
    }

    private void Notify(Exception? error)
    {
        try
        {
            if (error is null)
            {
                _changed();
            }
            else
            {
                _rejected(error);
            }
        }
        catch (Exception)
        {
            // A failing logger must not throw into the code that changed the configuration.
        }
    }
}
