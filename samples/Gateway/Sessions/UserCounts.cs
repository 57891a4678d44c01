using System.Collections.Concurrent;

namespace Gateway.Sessions;

/// <summary>Counts what each user has of something at a time.</summary>
internal sealed class UserCounts
{
    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>Counts one more, unless the user has the most already.</summary>
    public bool TryAdd(string user, int most)
    {
        if (_counts.AddOrUpdate(user, 1, (_, count) => count + 1) <= most)
        {
            return true;
        }

        Remove(user);
        return false;
    }

    /// <summary>Counts one less.</summary>
    public void Remove(string user)
    {
        // Removed at nothing, so that users who are gone leave nothing behind.
        if (_counts.AddOrUpdate(user, 0, (_, count) => count - 1) == 0)
        {
            _counts.TryRemove(KeyValuePair.Create(user, 0));
        }
    }
}
