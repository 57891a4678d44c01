using System.Runtime.InteropServices;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Counts the rents that wait, for a session to open or for the backend to say that it knows one, and bounds them. No one user may keep the
/// others out, and neither may anonymous ones. The lock of the <see cref="SessionPool"/> guards it.
/// </summary>
internal sealed class WaitingRents(string clientName)
{
    // All anonymous and unknown users count as one, under the default key.
    private readonly Dictionary<UserKey, int> _byUser = [];

    internal int Count { get; private set; }

    /// <exception cref="ClaimInjectionException">Too many rents wait.</exception>
    internal void ThrowIfTooMany(SessionUser user, McpClientPoolOptions options)
    {
        long half = options.WaitLimit / 2;
        bool takesHalf = _byUser.GetValueOrDefault(user.Key.GetValueOrDefault()) >= half;
        if (takesHalf || Count >= options.WaitLimit)
        {
            long limit = takesHalf ? half : options.WaitLimit;
            throw SessionError.NotRented(
                clientName,
                ClaimInjectionErrorReason.PoolExhausted,
                $"{limit} rents wait for sessions to open already. Rent fewer at a time, or raise McpClientPoolOptions.MaxSessions: twice "
                + "as many may wait");
        }
    }

    internal void Add(SessionUser user)
    {
        Count++;
        CollectionsMarshal.GetValueRefOrAddDefault(_byUser, user.Key.GetValueOrDefault(), out _)++;
    }

    internal void Remove(SessionUser user)
    {
        Count--;
        if (--CollectionsMarshal.GetValueRefOrNullRef(_byUser, user.Key.GetValueOrDefault()) == 0)
        {
            _byUser.Remove(user.Key.GetValueOrDefault());
        }
    }
}
