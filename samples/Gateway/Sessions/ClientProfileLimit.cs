using Gateway.Features;
using McpIdentityHeaders;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Sessions;

/// <summary>
/// Bounds in how many ways a user's clients without a session may differ. Each that says something else of what it can do may open a
/// session of its own at each backend, and says so with every request.
/// </summary>
internal sealed class ClientProfileLimit(CallerSessions sessions, IIdentityAccessor accessor, GatewayLimits limits, TimeProvider time)
    : IConfigureOptions<McpServerOptions>, IDisposable
{
    private const int MaxLength = 16 * 1024;

    // As long as a backend's session stays in the pool.
    private static readonly TimeSpan Lifetime = new McpClientPoolOptions().IdleTimeout;

    private readonly MemoryCache _users = new(new MemoryCacheOptions());

    public void Configure(McpServerOptions options) => options.Filters.Message.IncomingFilters.Add(Check);

    public void Dispose() => _users.Dispose();

    private McpMessageHandler Check(McpMessageHandler next) => (context, cancellationToken) =>
    {
        if (context.JsonRpcMessage is JsonRpcRequest message && sessions.Find(context.Server.SessionId) is null)
        {
            Enter(new CallerRequest(context.Server, message, session: null).PassedCapabilities);
        }

        return next(context, cancellationToken);
    };

    /// <exception cref="McpProtocolException">It is one too many, or too long.</exception>
    private void Enter(string profile)
    {
        if (profile.Length > MaxLength)
        {
            throw new McpProtocolException(
                $"The client's capabilities have more than {MaxLength} characters.", McpErrorCode.InvalidRequest);
        }

        Dictionary<string, DateTimeOffset> known = _users.GetOrCreate(UserKey.Of(accessor.User), entry =>
        {
            entry.SlidingExpiration = Lifetime;
            return new Dictionary<string, DateTimeOffset>();
        })!;
        DateTimeOffset now = time.GetUtcNow();
        lock (known)
        {
            if (!known.ContainsKey(profile) && known.Count >= limits.SessionsPerUser)
            {
                RemoveUnused(known, now);
            }

            known[profile] = now;
        }
    }

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
