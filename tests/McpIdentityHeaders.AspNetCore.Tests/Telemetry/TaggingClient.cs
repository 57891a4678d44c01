using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>A client with claim injection of one backend, which sends for a different user each time.</summary>
internal sealed class TaggingClient : IDisposable
{
    private const string Name = "backend";

    private readonly ServiceProvider _services;
    private readonly HttpMessageInvoker _http;
    private readonly Uri _backend;

    /// <param name="backend">Any address at the backend.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="section">More settings, from configuration.</param>
    /// <param name="primary">Makes the primary handler, in place of the factory's.</param>
    /// <param name="isTrusted">Whether the backend's origin is trusted.</param>
    public TaggingClient(
        Uri backend,
        Action<ClaimInjectionOptions>? configure = null,
        IConfigurationSection? section = null,
        Func<HttpMessageHandler>? primary = null,
        bool isTrusted = true)
    {
        _backend = backend;
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        IHttpClientBuilder builder = services.AddHttpClient(Name).AddClaimInjection(options =>
        {
            options.TrustedOrigins.Add(isTrusted ? backend : new Uri("https://other.example.com"));
            configure?.Invoke(options);
        });
        _ = section is null ? builder : builder.AddClaimInjection(section);
        _ = primary is null ? builder : builder.ConfigurePrimaryHttpMessageHandler(primary);
        _services = services.BuildServiceProvider(validateScopes: true);
        _http = new HttpMessageInvoker(
            _services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(Name), disposeHandler: false);
    }

    public IReadOnlyList<FakeLogRecord> Logs => _services.GetFakeLogCollector().GetSnapshot();

    /// <summary>Sends for a user; null: unknown.</summary>
    public async Task SendAsync(ClaimsPrincipal? user, bool synchronous = false, string path = "/mcp")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_backend, path));
        if (user is not null)
        {
            request.SetUser(user);
        }

        using HttpResponseMessage response = await _http.SendAsync(request, synchronous);
    }

    public void Dispose()
    {
        _http.Dispose();
        _services.Dispose();
    }
}
