using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>Makes a client's plan of its validated options and of what else says where its endpoint is.</summary>
internal static class ClaimInjectionPlanFactory
{
    /// <exception cref="OptionsValidationException">The options are not valid.</exception>
    internal static ClaimInjectionPlan Create(IServiceProvider services, string name, ClaimInjectionPlan? current)
    {
        ClaimInjectionOptions options = services.GetRequiredService<IOptionsFactory<ClaimInjectionOptions>>().Create(name);
        HttpClientTransportOptions transport = McpClientRegistration.CreateTransport(services, name);
        var plan = new ClaimInjectionPlan(name, options, ClientOrigins(services, name, options, transport), transport);

        if (current is not null && ReasonAgainstChange(current, plan) is { } reason)
        {
            throw new OptionsValidationException(name, typeof(ClaimInjectionOptions), [$"HttpClient '{name}': {reason}"]);
        }

        return plan;
    }

    private static string? ReasonAgainstChange(ClaimInjectionPlan current, ClaimInjectionPlan changed)
    {
        // Handlers that are in use cannot be taught to write raw UTF-8 any more.
        if (changed.Encoding == HeaderValueEncoding.Utf8 && current.Encoding != HeaderValueEncoding.Utf8)
        {
            return "Encoding cannot change to Utf8 while it runs. Restart for that.";
        }

        // A file that was truncated as it was written must not open every origin.
        if (changed.ServesAnyOriginUnsaid && !current.ServesAnyOriginUnsaid)
        {
            return "no trusted origin is left. Set TrustedOrigins, or AllowAnyOrigin if every origin is meant.";
        }

        return null;
    }

    private static List<Uri> ClientOrigins(
        IServiceProvider services, string name, ClaimInjectionOptions options, HttpClientTransportOptions transport)
    {
        List<Uri> origins = [];

        // Null where the client is not an MCP client, or has its endpoint in the BaseAddress.
        if (transport.Endpoint is { } endpoint)
        {
            origins.Add(endpoint);
        }

        if (BaseAddress(services, name) is { IsAbsoluteUri: true } baseAddress)
        {
            origins.Add(baseAddress);
        }

        if (options.RequireHttps && origins.Find(Origin.IsPlainAndRemote) is { } plain)
        {
            throw new OptionsValidationException(
                name,
                typeof(ClaimInjectionOptions),
                [$"HttpClient '{name}': RequireHttps is set, and the client's endpoint is '{new Origin(plain)}'. Use https, or remove one of the two."]);
        }

        return origins;
    }

    /// <summary>Asks a client that sends nothing what the user's ConfigureHttpClient calls set.</summary>
    private static Uri? BaseAddress(IServiceProvider services, string name)
    {
        using var probe = new HttpClient(new SocketsHttpHandler());
        foreach (Action<HttpClient> configure in services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get(name).HttpClientActions)
        {
            configure(probe);
        }

        return probe.BaseAddress;
    }
}
