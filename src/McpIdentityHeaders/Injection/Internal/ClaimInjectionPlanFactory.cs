using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Makes a client's plan of its validated options and of its endpoint, wherever that is set.</summary>
internal static class ClaimInjectionPlanFactory
{
    private const string NoOrigin =
        "no origin is known that identities may be sent to. Set the BaseAddress with ConfigureHttpClient(client => client.BaseAddress = "
        + "…), add the origins to ClaimInjectionOptions.TrustedOrigins, or set AllowAnyOrigin if every origin is meant. A "
        + "ConfigureHttpClient that takes the services is not run at start-up, since it may need a request. Name the origin that it sets: "
        + "services.AddOptions<ClaimInjectionOptions>(name).Configure<IConfiguration>((options, settings) => "
        + "options.TrustedOrigins.Add(…)).";

    /// <param name="services">The container.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="endpoint">The MCP client's endpoint; null where it is set elsewhere, or the client is not an MCP client.</param>
    /// <param name="current">The plan in force, which the new one is to follow; null at first.</param>
    /// <exception cref="OptionsValidationException">The options are not valid.</exception>
    internal static ClaimInjectionPlan Create(
        IServiceProvider services, string name, ClaimInjectionOptions options, Uri? endpoint, ClaimInjectionPlan? current)
    {
        Uri? baseAddress = ConfiguredBaseAddress.Find(services, name).Uri;
        Uri[] origins = [.. new[] { endpoint, baseAddress }.OfType<Uri>().Where(uri => uri.IsAbsoluteUri)];

        var secrets = services.GetRequiredService<SharedSecretNames>();
        var plan = new ClaimInjectionPlan(options, origins, secrets);
        string[] errors = [.. GetValidationErrors(options, plan, origins).Concat(GetChangeErrors(current, plan))];
        if (errors.Length > 0)
        {
            throw new OptionsValidationException(
                name, typeof(ClaimInjectionOptions), errors.Select(error => $"{ClaimInjectionOptionsValidator.Describe(name)}: {error}"));
        }

        secrets.Add(options.SharedSecret is { } secret ? [secret.HeaderName] : []);
        return plan;
    }

    private static IEnumerable<string> GetValidationErrors(ClaimInjectionOptions options, ClaimInjectionPlan plan, Uri[] origins)
    {
        if (Array.Find(origins, origin => !Origin.IsHttpOrWebSocket(origin)) is { } unusable)
        {
            // No port and no path: such a URI has no port of its own, and a path may hold a secret.
            yield return $"its BaseAddress is '{unusable.Scheme}://{unusable.IdnHost}', and no request goes out with the scheme "
                + $"'{unusable.Scheme}'. Use one of http and https, so that it is certain where identities go.";
        }

        if (options.RequireHttps && Array.Find(origins, Origin.IsPlainAndRemote) is { } plain)
        {
            yield return $"RequireHttps is set, and the client's endpoint is '{new Origin(plain)}'. Use https, or remove one of the two.";
        }

        if (plan.LacksOriginForSecret && !plan.ServesAnyOriginByDefault)
        {
            yield return ClaimInjectionPlan.NoOriginForSecret;
        }

        foreach (string error in options.Assertion?.GetValidationErrors(plan) ?? [])
        {
            yield return error;
        }
    }

    private static IEnumerable<string> GetChangeErrors(ClaimInjectionPlan? current, ClaimInjectionPlan changed)
    {
        // Primary handlers in use take no other header encoding.
        if (current is not null && changed.Encoding == HeaderValueEncoding.Utf8 && current.Encoding != HeaderValueEncoding.Utf8)
        {
            yield return "Encoding cannot change to Utf8 while it runs. Restart for that.";
        }

        if (changed.ServesAnyOriginByDefault)
        {
            yield return current is null
                ? NoOrigin
                : "no trusted origin is left. Set TrustedOrigins, or AllowAnyOrigin if every origin is meant.";
        }
    }
}
