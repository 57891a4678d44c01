using System.Runtime.CompilerServices;
using System.Security.Claims;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Creates the transport options of one user's session, and ensures that no OAuth token cache serves two users.</summary>
internal sealed class UserTransport(string clientName)
{
    private readonly ConditionalWeakTable<ITokenCache, object> _cacheOwners = [];

    /// <param name="key">The user's key; null where the user is anonymous or unknown.</param>
    /// <param name="user">The session's user.</param>
    /// <param name="copy">A copy of the registered options.</param>
    /// <param name="factory">The configured factory: user code.</param>
    /// <exception cref="ClaimInjectionException">The options would let users share a session or a token.</exception>
    internal HttpClientTransportOptions Create(
        UserKey? key,
        ClaimsPrincipal? user,
        HttpClientTransportOptions copy,
        Func<ClaimsPrincipal, HttpClientTransportOptions, HttpClientTransportOptions>? factory)
    {
        ITokenCache? shared = copy.OAuth?.TokenCache;
        if (factory is null)
        {
            return shared is null ? copy : throw CreateSharedCacheError();
        }

        if (copy.OAuth is { } oauth)
        {
            copy.OAuth = TransportOptions.CopyOf(oauth);
        }

        // Unauthenticated claims prove nothing: the factory must not look up a user's tokens by them.
        ClaimsPrincipal signedIn = (key is null ? null : user) ?? new ClaimsPrincipal();
        HttpClientTransportOptions options = RequestBoundCode.Run(clientName, isPooled: true, () => factory(signedIn, copy))
            ?? throw CreateError("TransportOptionsFactory returned null. Have it return the options it was given, or others");

        if (options.KnownSessionId is not null)
        {
            throw CreateError(
                "TransportOptionsFactory set KnownSessionId. Leave it null: the pool opens a session of its own for each user");
        }

        if (options.OAuth?.TokenCache is { } cache && (cache == shared || !IsOwner(cache, key)))
        {
            throw CreateSharedCacheError();
        }

        return options;
    }

    /// <summary>Whether the user is the first to use the cache. Each anonymous session counts as another user.</summary>
    private bool IsOwner(ITokenCache cache, UserKey? key)
    {
        object owner = key is { } user ? user : new object();
        return _cacheOwners.GetOrAdd(cache, owner).Equals(owner);
    }

    private ClaimInjectionException CreateSharedCacheError() => CreateError(
        "one OAuth TokenCache would serve several users, and each would act with another's access token. Set a cache for each user with "
        + "McpClientPoolOptions.TransportOptionsFactory, or none: then each session keeps tokens of its own");

    private ClaimInjectionException CreateError(string error) =>
        SessionError.NotOpened(clientName, ClaimInjectionErrorReason.InvalidTransportOptions, error);
}
