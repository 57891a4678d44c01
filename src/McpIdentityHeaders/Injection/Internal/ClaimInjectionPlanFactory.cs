using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Makes a client's plan of its validated options and of its endpoint, wherever that is set.</summary>
internal static class ClaimInjectionPlanFactory
{
    /// <param name="services">The container.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="endpoint">The MCP client's endpoint; null where it is set elsewhere, or the client is not an MCP client.</param>
    /// <param name="current">The plan in force, which the new one is to follow; null at first.</param>
    /// <exception cref="OptionsValidationException">The options are not valid.</exception>
    internal static ClaimInjectionPlan Create(IServiceProvider services, string name, Uri? endpoint, ClaimInjectionPlan? current)
    {
        ClaimInjectionOptions options = services.GetRequiredService<IOptionsFactory<ClaimInjectionOptions>>().Create(name);
        Uri[] origins = [.. new[] { endpoint, GetBaseAddress(services, name) }.OfType<Uri>().Where(uri => uri.IsAbsoluteUri)];

        if (options.RequireHttps && Array.Find(origins, Origin.IsPlainAndRemote) is { } plain)
        {
            throw CreateException(
                name, $"RequireHttps is set, and the client's endpoint is '{new Origin(plain)}'. Use https, or remove one of the two.");
        }

        var plan = new ClaimInjectionPlan(options, origins);
        string? error = plan.LacksOriginForSecret ? ClaimInjectionPlan.NoOriginForSecret : current is null ? null : GetChangeError(current, plan);
        return error is null ? plan : throw CreateException(name, error);
    }

    private static string? GetChangeError(ClaimInjectionPlan current, ClaimInjectionPlan changed)
    {
        // Primary handlers in use take no other header encoding.
        if (changed.Encoding == HeaderValueEncoding.Utf8 && current.Encoding != HeaderValueEncoding.Utf8)
        {
            return "Encoding cannot change to Utf8 while it runs. Restart for that.";
        }

        // Fail closed: a partially written file must not remove all trusted origins.
        if (changed.ServesAnyOriginByDefault && !current.ServesAnyOriginByDefault)
        {
            return "no trusted origin is left. Set TrustedOrigins, or AllowAnyOrigin if every origin is meant.";
        }

        return null;
    }

    /// <summary>Asks a client that sends nothing for the address that the user's ConfigureHttpClient calls set.</summary>
    private static Uri? GetBaseAddress(IServiceProvider services, string name)
    {
        using var probe = new HttpClient(new SocketsHttpHandler());
        foreach (Action<HttpClient> configure in services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get(name).HttpClientActions)
        {
            configure(probe);
        }

        return probe.BaseAddress;
    }

    private static OptionsValidationException CreateException(string name, string error) =>
        new(name, typeof(ClaimInjectionOptions), [$"HttpClient '{name}': {error}"]);
}
