namespace McpIdentityHeaders.Internal;

/// <summary>
/// Counts the rents that wait for sessions to open, and bounds them. No one user may keep the others out, and neither may anonymous ones. The
/// lock of the <see cref="SessionPool"/> guards it.
/// </summary>
/// <param name="clientName">The MCP client's name.</param>
internal sealed class WaitingRents(string clientName)
{
    private int _count;
    private int _anonymous;

    internal int Count => _count;

    /// <param name="user">The user who rents.</param>
    /// <param name="own">The user's session; null where there is none.</param>
    /// <param name="options">The bounds.</param>
    /// <exception cref="ClaimInjectionException">Too many rents wait.</exception>
    internal void ThrowIfTooMany(SessionUser user, PooledSession? own, McpClientPoolOptions options)
    {
        long half = options.WaitLimit / 2;
        bool takesHalf = user.Key is null ? _anonymous >= half : own is { IsConnected: false } && own.LeaseCount >= half;
        if (takesHalf || _count >= options.WaitLimit)
        {
            long limit = takesHalf ? half : options.WaitLimit;
            throw new ClaimInjectionException(
                $"MCP client '{clientName}': no session was rented: {limit} rents wait for sessions to open already. Rent fewer at a time, or "
                + "raise McpClientPoolOptions.MaxSessions: twice as many may wait.",
                ClaimInjectionErrorReason.PoolExhausted);
        }
    }

    internal void Add(SessionUser user) => Change(user, 1);

    internal void Remove(SessionUser user) => Change(user, -1);

    private void Change(SessionUser user, int change)
    {
        _count += change;
        _anonymous += user.Key is null ? change : 0;
    }
}
