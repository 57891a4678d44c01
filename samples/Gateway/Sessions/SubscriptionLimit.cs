using McpIdentityHeaders;
using ModelContextProtocol;

namespace Gateway.Sessions;

/// <summary>Bounds for what a user's clients listen at a time: each may be a request to a backend that stays open.</summary>
internal sealed class SubscriptionLimit(IIdentityAccessor accessor, GatewayLimits limits)
{
    private readonly UserCounts _counts = new();

    /// <summary>Takes one of the user's places, until it is disposed.</summary>
    /// <exception cref="McpProtocolException">There is none left.</exception>
    public IDisposable Enter()
    {
        string user = UserKey.Of(accessor.User);
        return _counts.TryAdd(user, limits.SubscriptionsPerUser)
            ? new Place(_counts, user)
            : throw new McpProtocolException(
                $"You have {limits.SubscriptionsPerUser} subscriptions, which is the most. End one first.", McpErrorCode.InvalidRequest);
    }

    private sealed class Place(UserCounts counts, string user) : IDisposable
    {
        private bool _isLeft;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isLeft, true))
            {
                counts.Remove(user);
            }
        }
    }
}
