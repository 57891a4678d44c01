using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The keys of AWS Application Load Balancers: a PEM file each, at an address that ends with the key's id.</summary>
/// <remarks>The id is the caller's text until a signature is verified: it has to be a UUID, and a flood of them is few fetches.</remarks>
[SuppressMessage(
    "Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A semaphore without a wait handle.")]
internal sealed class LoadBalancerKeys(
    string scheme, Uri address, TimeSpan refreshInterval, HttpClient backchannel, TimeProvider time, ILogger logger) : VerificationKeys
{
    /// <summary>The most fetches in a refresh interval.</summary>
    internal const int MaxFetches = 10;

    private const int MaxKeys = 100;
    private const string PublicKeyLabel = "PUBLIC KEY";
    private const string NistP256 = "1.2.840.10045.3.1.7";

    // It bounds how long a withdrawn key counts.
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, (SecurityKey Key, long Fetched)> _keys = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1);
    private long? _intervalStart;
    private int _fetches;
    private volatile bool _hasFailed;

    internal (Uri Address, TimeSpan RefreshInterval) Identity => (address, refreshInterval);

    /// <remarks>Each key is fetched when an assertion names it, so before the first one there is nothing to tell.</remarks>
    internal override ValueTask<KeyAvailability> CheckAsync(CancellationToken cancellationToken) => new(
        !_hasFailed ? KeyAvailability.Available : _keys.IsEmpty ? KeyAvailability.Missing : KeyAvailability.Stale);

    internal override async ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        if (FindFresh(keyId) is { } fresh)
        {
            return [fresh];
        }

        // Nothing else may become a part of the address: neither a path nor a query.
        if (!Guid.TryParseExact(keyId, "D", out Guid id) || id.ToString("D") != keyId)
        {
            return [];
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (FindFresh(keyId) is null && TryTakeFetch())
            {
                await FetchAsync(keyId).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }

        // A key that could not be fetched again still counts: AWS may be away just then.
        return _keys.TryGetValue(keyId, out (SecurityKey Key, long Fetched) known) ? [known.Key] : [];
    }

    private static ECDsaSecurityKey? ReadPem(string pem, string keyId)
    {
        if (!PemEncoding.TryFind(pem, out PemFields fields) || !pem.AsSpan()[fields.Label].SequenceEqual(PublicKeyLabel))
        {
            return null;
        }

        try
        {
            var key = ECDsa.Create();
            key.ImportFromPem(pem);
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == NistP256
                ? new ECDsaSecurityKey(key) { KeyId = keyId }
                : null;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private SecurityKey? FindFresh(string keyId) =>
        _keys.TryGetValue(keyId, out (SecurityKey Key, long Fetched) known) && time.GetElapsedTime(known.Fetched) < KeyLifetime
            ? known.Key
            : null;

    private bool TryTakeFetch()
    {
        if (_intervalStart is not { } start || time.GetElapsedTime(start) >= refreshInterval)
        {
            _intervalStart = time.GetTimestamp();
            _fetches = 0;
        }

        return _fetches++ < MaxFetches;
    }

    private async Task FetchAsync(string keyId)
    {
        try
        {
            // Not cancelled with the request that happened to come first: others wait for it. The client has a time-out.
            var uri = new Uri($"{address.AbsoluteUri.TrimEnd('/')}/{keyId}");
            using HttpResponseMessage response = await backchannel.GetAsync(uri, CancellationToken.None).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden or HttpStatusCode.Gone)
            {
                _keys.TryRemove(keyId, out _);
                _hasFailed = false;
                return;
            }

            string pem = await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(CancellationToken.None).ConfigureAwait(false);
            Add(keyId, ReadPem(pem, keyId) ?? throw new FormatException("The key is no PEM of a public key on P-256."));
            _hasFailed = false;
        }
        catch (Exception exception)
        {
            _hasFailed = true;
            logger.KeysNotFetched(scheme, address.GetLeftPart(UriPartial.Path), (exception.InnerException ?? exception).GetType().Name);
        }
    }

    private void Add(string keyId, SecurityKey key)
    {
        if (_keys.Count >= MaxKeys)
        {
            _keys.TryRemove(_keys.MinBy(known => known.Value.Fetched).Key, out _);
        }

        _keys[keyId] = (key, time.GetTimestamp());
    }
}
