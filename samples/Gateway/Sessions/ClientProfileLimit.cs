using McpIdentityHeaders;
using Microsoft.Extensions.Caching.Memory;
using ModelContextProtocol;

namespace Gateway.Sessions;

/// <summary>
/// Bounds in how many ways a user's clients without a session may differ. Each that says something else of what it can do may open a
/// session of its own at each backend, and says so with every request.
/// </summary>
internal sealed class ClientProfileLimit(IIdentityAccessor accessor, GatewayLimits limits, TimeProvider time) : IDisposable
{
    private const int MaxLength = 16 * 1024;

    // As long as a backend's session stays in the pool.
    private static readonly TimeSpan Lifetime = new McpClientPoolOptions().IdleTimeout;

    private readonly MemoryCache _users = new(new MemoryCacheOptions());
    private readonly Lock _entering = new();

    /// <param name="profile">What the client can do, in JSON.</param>
    /// <exception cref="McpProtocolException">It is one too many, or too long.</exception>
    public void Enter(string profile)
    {
        if (profile.Length > MaxLength)
        {
            throw new McpProtocolException(
                $"The client's capabilities have more than {MaxLength} characters.", McpErrorCode.InvalidRequest);
        }

        string user = UserKey.Of(accessor.User);
        DateTimeOffset now = time.GetUtcNow();

        // A user's first requests may come at the same time: GetOrCreate alone would give each an empty list of its own.
        lock (_entering)
        {
            Dictionary<string, DateTimeOffset> known = _users.GetOrCreate(user, entry =>
            {
                entry.SlidingExpiration = Lifetime;
                return new Dictionary<string, DateTimeOffset>();
            })!;
            if (!known.ContainsKey(profile) && known.Count >= limits.SessionsPerUser)
            {
                RemoveUnused(known, now);
            }

            known[profile] = now;
        }
    }

    public void Dispose() => _users.Dispose();

    private void RemoveUnused(Dictionary<string, DateTimeOffset> known, DateTimeOffset now)
    {
        foreach ((string profile, DateTimeOffset used) in known.Where(entry => now - entry.Value > Lifetime).ToList())
        {
            known.Remove(profile);
        }

        if (known.Count >= limits.SessionsPerUser)
        {
            throw new McpProtocolException(
                $"Your clients differ in what they can do in {limits.SessionsPerUser} ways, which is the most. Use fewer, or wait for "
                + $"{Lifetime.TotalMinutes} minutes.",
                McpErrorCode.InvalidRequest);
        }
    }
}
