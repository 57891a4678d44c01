using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The ids of assertions that were used, until they expire: each is accepted once (RFC 7519, section 4.1.7).</summary>
internal sealed class UsedAssertions(IDistributedCache cache)
{
    private static readonly byte[] Used = [1];

    private readonly ConcurrentDictionary<string, bool> _inUse = new(StringComparer.Ordinal);

    /// <summary>Whether the id was not used before. From now on it was.</summary>
    internal async Task<bool> TryUseAsync(string issuer, string id, DateTimeOffset until, CancellationToken cancellationToken)
    {
        // A hash: an id may have any length.
        string key = $"mcp-identity-assertion:{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{issuer}\n{id}")))}";

        // The cache cannot test and set at once. In this process, two requests of one id never get past here together.
        if (!_inUse.TryAdd(key, true))
        {
            return false;
        }

        try
        {
            if (await cache.GetAsync(key, cancellationToken).ConfigureAwait(false) is not null)
            {
                return false;
            }

            await cache.SetAsync(key, Used, new DistributedCacheEntryOptions { AbsoluteExpiration = until }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            _inUse.TryRemove(key, out _);
        }
    }
}
