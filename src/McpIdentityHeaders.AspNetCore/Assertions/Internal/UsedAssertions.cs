using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The ids of assertions that were used, until they expire: each is accepted once (RFC 7519, section 4.1.7).</summary>
internal sealed class UsedAssertions(IDistributedCache cache, TimeProvider time)
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan MinKept = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> _inUse = new(StringComparer.Ordinal);

    /// <summary>Marks an id as used.</summary>
    /// <param name="issuer">Who gave the id.</param>
    /// <param name="id">The id.</param>
    /// <param name="kept">How long it could be used again.</param>
    /// <param name="cancellationToken">Ends the wait for the cache.</param>
    /// <returns>Why it may not be used; null where it may, this once.</returns>
    internal async Task<string?> GetErrorAsync(string issuer, string id, TimeSpan kept, CancellationToken cancellationToken)
    {
        // A hash: an id may have any length.
        string key = $"mcp-identity-assertion:{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{issuer}\n{id}")))}";

        // The cache cannot test and set at once. In this process, two requests of one id never get past here together.
        if (!_inUse.TryAdd(key, true))
        {
            return "it is being used";
        }

        // Runs before the cache is asked.
        using var deadline = new CancellationTokenSource(MaxWait, time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            // Fail closed: without the cache, nothing tells a replay.
            return await MarkAndReleaseAsync(key, kept < MinKept ? MinKept : kept, cancellationToken)
                .WaitAsync(waiting.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"the IDistributedCache of used ids did not respond within {MaxWait.TotalSeconds:0} seconds";
        }
    }

    /// <summary>Releases the id when the cache has responded, however late: a mark that is written then must not meet another.</summary>
    private async Task<string?> MarkAndReleaseAsync(string key, TimeSpan kept, CancellationToken cancellationToken)
    {
        try
        {
            return await MarkAsync(key, kept, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            return $"the IDistributedCache of used ids threw a {exception.GetType().Name}";
        }
        finally
        {
            _inUse.TryRemove(key, out _);
        }
    }

    private async Task<string?> MarkAsync(string key, TimeSpan kept, CancellationToken cancellationToken)
    {
        if (await cache.GetAsync(key, cancellationToken).ConfigureAwait(false) is not null)
        {
            return "it was used before";
        }

        byte[] mark = RandomNumberGenerator.GetBytes(16);
        var options = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = kept };
        await cache.SetAsync(key, mark, options, cancellationToken).ConfigureAwait(false);

        // A full cache drops what it is given and says nothing; and another replica may have marked it meanwhile.
        byte[]? found = await cache.GetAsync(key, cancellationToken).ConfigureAwait(false);
        return found is null ? "the IDistributedCache of used ids did not keep its id. Give it a cache that is not full"
            : found.AsSpan().SequenceEqual(mark) ? null
            : "it was used before";
    }
}
