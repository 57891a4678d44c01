using System.Runtime.CompilerServices;
using System.Security.Claims;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Makes the transport options of one user's session, and sees to it that no OAuth token cache serves two users.</summary>
internal sealed class UserTransport(string clientName)
{
    private readonly ConditionalWeakTable<ITokenCache, object> _cacheOwners = [];

    /// <param name="session">The session.</param>
    /// <param name="copy">A copy of the registered options.</param>
    /// <param name="factory">The user's own code.</param>
    /// <exception cref="InvalidOperationException">The options would mix users up.</exception>
    internal HttpClientTransportOptions Of(
        PooledSession session,
        HttpClientTransportOptions copy,
        Func<ClaimsPrincipal, HttpClientTransportOptions, HttpClientTransportOptions>? factory)
    {
        ITokenCache? everybodys = copy.OAuth?.TokenCache;
        if (factory is null)
        {
            return everybodys is null ? copy : throw OneCacheForAll();
        }

        if (copy.OAuth is { } oauth)
        {
            copy.OAuth = TransportOptions.CopyOf(oauth);
        }

        // What a visitor claims without having signed in is not for code that looks for a user's own.
        ClaimsPrincipal user = session.Key is null ? new ClaimsPrincipal() : session.Session.User ?? new ClaimsPrincipal();
        HttpClientTransportOptions options = factory(user, copy)
            ?? throw Invalid("TransportOptionsFactory returned null. Have it return the options it was given, or others");

        if (options.KnownSessionId is not null)
        {
            throw Invalid("TransportOptionsFactory set KnownSessionId. Leave it null: the pool opens a session of its own for each user");
        }

        if (options.OAuth?.TokenCache is { } cache && (cache == everybodys || !IsOwner(cache, session.Key)))
        {
            throw OneCacheForAll();
        }

        return options;
    }

    /// <summary>Whether it is the first user of the cache who uses it again. A visitor is nobody's second time.</summary>
    private bool IsOwner(ITokenCache cache, UserKey? user)
    {
        object owner = user is { } key ? key : new object();
        return _cacheOwners.GetOrAdd(cache, owner).Equals(owner);
    }

    private InvalidOperationException OneCacheForAll() => Invalid(
        "one OAuth TokenCache would serve several users, and each would act with another's access token. Set a cache for each user with "
        + "McpClientPoolOptions.TransportOptionsFactory, or none: then each session keeps tokens of its own");

    private InvalidOperationException Invalid(string problem) => new($"MCP client '{clientName}': no session was opened: {problem}.");
}
