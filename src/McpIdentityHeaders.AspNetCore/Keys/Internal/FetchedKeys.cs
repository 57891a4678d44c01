using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Keys that are fetched by the key set's address, or by discovery. The configuration manager fetches them again every few minutes, behind
/// the requests. An unknown id has them fetched at once, and its request waits: by itself the manager would refuse the first requests after
/// a rotation.
/// </summary>
internal sealed class FetchedKeys(
    string scheme, Uri address, bool isKeySet, TimeSpan refreshInterval, HttpClient backchannel, TimeProvider time, ILogger logger)
    : VerificationKeys
{
    // The shortest that the manager accepts, and how long a sender lets its keys be cached. It bounds how long a withdrawn key counts.
    private static readonly TimeSpan AutomaticRefreshInterval = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly BoundedRetriever _retriever = new(
        isKeySet ? new KeySetRetriever() : new OpenIdConnectConfigurationRetriever(), refreshInterval, time);

    private volatile ConfigurationManager<OpenIdConnectConfiguration>? _manager;
    private Task _fetch = Task.CompletedTask;

    internal (Uri Address, bool IsKeySet) Source => (address, isKeySet);

    /// <summary>Changes how often unknown ids have the keys fetched. What was fetched stays: the issuer may be away just then.</summary>
    internal void SetRefreshInterval(TimeSpan interval) => _retriever.SetInterval(interval);

    internal override async ValueTask<KeyAvailability> CheckAsync(CancellationToken cancellationToken)
    {
        if (_manager is { } manager)
        {
            // Fetches again where it is time to, behind this.
            await manager.GetConfigurationAsync(CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            await FetchOnceAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return _manager is null ? KeyAvailability.Missing
            : _retriever.HasFailed ? KeyAvailability.Stale
            : KeyAvailability.Available;
    }

    internal override async ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        IReadOnlyList<SecurityKey> keys = await FindAsync(_manager, keyId).ConfigureAwait(false);
        if (keys.Count > 0)
        {
            return keys;
        }

        await FetchOnceAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return await FindAsync(_manager, keyId).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<SecurityKey>> FindAsync(ConfigurationManager<OpenIdConnectConfiguration>? manager, string keyId)
    {
        if (manager is null)
        {
            return [];
        }

        OpenIdConnectConfiguration configuration = await manager.GetConfigurationAsync(CancellationToken.None).ConfigureAwait(false);
        return [.. configuration.JsonWebKeySet.Keys.Where(key => key.Kid == keyId && IsForSignatures(key))];
    }

    /// <summary>Fetches, if that is allowed now. All who wait share one fetch: a flood of unknown ids makes no flood of fetches.</summary>
    private Task FetchOnceAsync()
    {
        lock (_gate)
        {
            if (_fetch.IsCompleted && _retriever.IsAllowed)
            {
                _fetch = Task.Run(FetchAsync);
            }

            return _fetch;
        }
    }

    private async Task FetchAsync()
    {
        ConfigurationManager<OpenIdConnectConfiguration> manager = CreateManager();
        try
        {
            // Not cancelled with the request that happened to come first: others wait for it. The client has a time-out.
            await manager.GetConfigurationAsync(CancellationToken.None).ConfigureAwait(false);
            _manager = manager;
        }
        catch (Exception exception)
        {
            logger.KeysNotFetched(scheme, address.GetLeftPart(UriPartial.Path), (exception.InnerException ?? exception).GetType().Name);
        }
    }

    private ConfigurationManager<OpenIdConnectConfiguration> CreateManager()
    {
        // Plain http was refused at start-up, but for loopback.
        var documents = new HttpDocumentRetriever(backchannel) { RequireHttps = !Origin.IsPlain(address) };
        return new ConfigurationManager<OpenIdConnectConfiguration>(
            isKeySet ? address.AbsoluteUri : $"{address.AbsoluteUri.TrimEnd('/')}/.well-known/openid-configuration",
            _retriever,
            documents,
            new OpenIdConnectConfigurationValidator())
        {
            AutomaticRefreshInterval = AutomaticRefreshInterval,
        };
    }
}
