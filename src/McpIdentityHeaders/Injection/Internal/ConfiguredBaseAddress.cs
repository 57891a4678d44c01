using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>What is known, before any request, of the BaseAddress that the user's ConfigureHttpClient calls set.</summary>
/// <param name="Uri">The address; null where none is set, or where it is unknown.</param>
/// <param name="IsComplete">Whether all calls were asked and none failed: without an address, the client has none then.</param>
internal readonly record struct ConfiguredBaseAddress(Uri? Uri, bool IsComplete)
{
    /// <summary>Asks a client that sends nothing, but not the calls that take the services: they may need a request.</summary>
    internal static ConfiguredBaseAddress Find(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>();
        using var probe = new HttpClient(new SocketsHttpHandler());
        bool isComplete = true;
        foreach (Action<HttpClient> configure in options.Get(name).HttpClientActions)
        {
            isComplete &= !UsesServices(configure) && TryConfigure(probe, configure, services, name);
        }

        return new ConfiguredBaseAddress(probe.BaseAddress, isComplete);
    }

    private static bool TryConfigure(HttpClient probe, Action<HttpClient> configure, IServiceProvider services, string name)
    {
        try
        {
            configure(probe);
            return true;
        }
        catch (Exception exception)
        {
            // It needs what is not there yet, such as a request: what it knows is unknown here, and no error. Its message may hold claims.
            services.CreateLogger(typeof(ClaimInjectionHandler)).BaseAddressUnknown(name, exception.GetType().Name);
            return false;
        }
    }

    /// <summary>The factory wraps each call that takes the services, through which user code reaches what belongs to a request.</summary>
    private static bool UsesServices(Action<HttpClient> action) =>
        action.Target?.GetType().Assembly == typeof(HttpClientFactoryOptions).Assembly;
}
