using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>What is known, before any request, of the BaseAddress that the user's ConfigureHttpClient calls set.</summary>
/// <param name="Uri">The address; null where none is set, or where it is unknown.</param>
/// <param name="IsComplete">Whether all calls were asked and none failed: without an address, the client has none then.</param>
internal readonly record struct ConfiguredBaseAddress(Uri? Uri, bool IsComplete)
{
    /// <summary>Asks a client that sends nothing.</summary>
    /// <param name="services">The container.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="isNeeded">Whether no origin is known otherwise: calls that use services are asked only then.</param>
    internal static ConfiguredBaseAddress Find(IServiceProvider services, string name, bool isNeeded)
    {
        IList<Action<HttpClient>> actions = services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get(name).HttpClientActions;
        Action<HttpClient>[] contextFree = [.. actions.Where(action => !UsesServices(action))];

        ConfiguredBaseAddress known = Ask(contextFree);
        if (contextFree.Length == actions.Count)
        {
            return known;
        }

        return isNeeded && known.Uri is null ? Ask(actions) : known with { IsComplete = false };
    }

    private static ConfiguredBaseAddress Ask(IEnumerable<Action<HttpClient>> actions)
    {
        using var probe = new HttpClient(new SocketsHttpHandler());
        bool isComplete = true;
        foreach (Action<HttpClient> configure in actions)
        {
            try
            {
                configure(probe);
            }
            catch (Exception)
            {
                // It needs what is not there yet, such as a request: what it knows is unknown here, and no error.
                isComplete = false;
            }
        }

        return new ConfiguredBaseAddress(probe.BaseAddress, isComplete);
    }

    /// <summary>The factory wraps each call that takes the services, through which user code reaches what belongs to a request.</summary>
    private static bool UsesServices(Action<HttpClient> action) =>
        action.Target?.GetType().Assembly == typeof(HttpClientFactoryOptions).Assembly;
}
