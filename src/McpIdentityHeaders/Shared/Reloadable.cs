using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// A value made from options, replaced in whole when they change. What cannot be made when they change leaves the last good value in force
/// and throws into nobody: IOptionsMonitor would drop the value first and throw into whoever changed the configuration.
/// </summary>
/// <remarks>
/// No code of anyone else's runs under the lock. Making a value may subscribe to the very configuration whose change is being told, which
/// waits for the teller, and the teller must then not wait for us.
/// </remarks>
internal sealed class Reloadable<T> : IDisposable
    where T : class
{
    private readonly Func<T?, T> _make;
    private readonly Action _changed;
    private readonly Action<Exception> _refused;
    private readonly IDisposable[] _subscriptions;
    private readonly Lock _gate = new();

    private volatile T? _value;
    private int _changes;

    /// <param name="make">Makes the value, given the one in force; throws where the options are invalid.</param>
    /// <param name="sources">Says when to make it anew.</param>
    /// <param name="changed">Called when a new value is in force.</param>
    /// <param name="refused">Called with the reason why the last value stays.</param>
    internal Reloadable(Func<T?, T> make, IEnumerable<Func<IChangeToken>> sources, Action changed, Action<Exception> refused)
    {
        _make = make;
        _changed = changed;
        _refused = refused;
        _subscriptions = [.. sources.Select(source => ChangeToken.OnChange(source, Remake))];
    }

    /// <summary>Gets the value. The first read makes it, and throws where the options are invalid; so does each read until they are valid.</summary>
    internal T Value => _value ?? MakeFirst();

    public void Dispose() => Array.ForEach(_subscriptions, subscription => subscription.Dispose());

    private T MakeFirst()
    {
        while (true)
        {
            int changes = Volatile.Read(ref _changes);
            T value = _make(null);
            lock (_gate)
            {
                // Made of what the options were before a change: again.
                if (changes == _changes)
                {
                    return _value ??= value;
                }
            }
        }
    }

    private void Remake()
    {
        T current;
        int change;
        lock (_gate)
        {
            change = ++_changes;

            // Nothing is in force yet: the next read makes it of what the options are then.
            if (_value is null)
            {
                return;
            }

            current = _value;
        }

        Exception? refused = null;
        try
        {
            T value = _make(current);
            lock (_gate)
            {
                // A later change has been told meanwhile, and makes its own value.
                _value = change == _changes ? value : _value;
            }
        }
        catch (Exception exception)
        {
            refused = exception;
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
