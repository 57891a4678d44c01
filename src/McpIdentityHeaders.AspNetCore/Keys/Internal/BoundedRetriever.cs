using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Fetches at most once in an interval, whoever asks: while an issuer is away, the manager would ask again with every request.
/// </summary>
internal sealed class BoundedRetriever(IConfigurationRetriever<OpenIdConnectConfiguration> inner, TimeSpan interval, TimeProvider time)
    : IConfigurationRetriever<OpenIdConnectConfiguration>
{
    private readonly Lock _gate = new();
    private TimeSpan _interval = interval;
    private long? _fetched;
    private volatile bool _hasFailed;

    /// <summary>Gets whether the last fetch failed.</summary>
    internal bool HasFailed => _hasFailed;

    /// <summary>Gets whether a fetch is allowed now.</summary>
    internal bool IsAllowed
    {
        get
        {
            lock (_gate)
            {
                return _fetched is not { } fetched || time.GetElapsedTime(fetched) >= _interval;
            }
        }
    }

    /// <summary>Changes the interval, also for the time since the last fetch.</summary>
    internal void SetInterval(TimeSpan changed)
    {
        lock (_gate)
        {
            _interval = changed;
        }
    }

    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(
        string address, IDocumentRetriever retriever, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (!IsAllowed)
            {
                throw new InvalidOperationException("The issuer's keys were asked for a moment ago.");
            }

            _fetched = time.GetTimestamp();
        }

        try
        {
            OpenIdConnectConfiguration configuration = await inner.GetConfigurationAsync(address, retriever, cancel).ConfigureAwait(false);
            _hasFailed = false;
            return configuration;
        }
        catch
        {
            _hasFailed = true;
            throw;
        }
    }
}
