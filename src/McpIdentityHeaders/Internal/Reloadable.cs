using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// A value made from options, replaced in whole when they change. What cannot be made when they change leaves the last good value in force
/// and throws into nobody: IOptionsMonitor would drop the value first and throw into whoever changed the configuration.
/// </summary>
internal sealed class Reloadable<T> : IDisposable
    where T : class
{
    private readonly Func<T?, T> _make;
    private readonly Action _changed;
    private readonly Action<Exception> _refused;
    private readonly Lock _gate = new();
    private readonly List<IDisposable> _subscriptions = [];
    private readonly Func<IChangeToken>[] _sources;

    private volatile T? _value;

    /// <param name="make">Makes the value, given the one in force; throws where the options are invalid.</param>
    /// <param name="sources">Says when to make it anew.</param>
    /// <param name="changed">Called when a new value is in force.</param>
    /// <param name="refused">Called with the reason why the last value stays.</param>
    internal Reloadable(Func<T?, T> make, IEnumerable<Func<IChangeToken>> sources, Action changed, Action<Exception> refused)
    {
        _make = make;
        _sources = [.. sources];
        _changed = changed;
        _refused = refused;
    }

    /// <summary>Gets the value. The first read makes it, and throws where the options are invalid; so does each read until they are valid.</summary>
    internal T Value => _value ?? MakeFirst();

    public void Dispose()
    {
        IDisposable[] subscriptions;
        lock (_gate)
        {
            subscriptions = [.. _subscriptions];
            _subscriptions.Clear();
        }

        // Outside the lock: this waits for a change that is being told, and telling it waits for the lock.
        Array.ForEach(subscriptions, subscription => subscription.Dispose());
    }

    private T MakeFirst()
    {
        lock (_gate)
        {
            if (_value is { } made)
            {
                return made;
            }

            // Listened for before it is made: a change in between waits for the lock and makes it anew.
            if (_subscriptions.Count == 0)
            {
                _subscriptions.AddRange(_sources.Select(source => ChangeToken.OnChange(source, Remake)));
            }

            T value = _make(null);
            _value = value;
            return value;
        }
    }

    private void Remake()
    {
        Exception? refused = null;
        lock (_gate)
        {
            // Nothing is in force yet: the next read makes it of what the options are then.
            if (_value is not { } current)
            {
                return;
            }

            try
            {
                _value = _make(current);
            }
            catch (Exception exception)
            {
                refused = exception;
            }
        }

        Tell(refused);
    }

    private void Tell(Exception? refused)
    {
        try
        {
            if (refused is null)
            {
                _changed();
            }
            else
            {
                _refused(refused);
            }
        }
        catch (Exception)
        {
            // A logger that fails is not the business of whoever changed the configuration.
        }
    }
}
