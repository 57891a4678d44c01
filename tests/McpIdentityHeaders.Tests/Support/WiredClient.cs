using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>A client of one user with one trusted origin, on real sockets, wired in one of the possible ways.</summary>
internal sealed class WiredClient : IAsyncDisposable
{
    public const string Name = "backend";

    private readonly ServiceProvider? _services;
    private readonly HttpMessageInvoker _http;

    private WiredClient(HttpMessageInvoker http, ServiceProvider? services)
    {
        _http = http;
        _services = services;
    }

    /// <summary>Gets every way to wire a client, by <c>Send</c> and by <c>SendAsync</c>.</summary>
    public static TheoryData<Wiring, bool> Paths => new()
    {
        { Wiring.McpClient, false },
        { Wiring.McpClient, true },
        { Wiring.NamedClient, false },
        { Wiring.NamedClient, true },
        { Wiring.ByHand, false },
        { Wiring.ByHand, true },
    };

    public FakeLogCollector Logs => _services!.GetFakeLogCollector();

    /// <param name="wiring">How the client is made.</param>
    /// <param name="user">The accessor's user; null: unknown.</param>
    /// <param name="trusted">Any address within the trusted origin.</param>
    /// <param name="configure">Further settings.</param>
    public static WiredClient For(Wiring wiring, ClaimsPrincipal? user, Uri trusted, Action<ClaimInjectionOptions>? configure = null)
    {
        var accessor = new PropertyAccessor(user);
        if (wiring == Wiring.ByHand)
        {
            return new WiredClient(HttpTesting.Chain(WireServer.NewSocketsHandler(), accessor, TrustingOptions), services: null);
        }

        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        services.AddSingleton<IIdentityAccessor>(accessor);
        IHttpClientBuilder builder = wiring == Wiring.McpClient
            ? services.AddMcpClient(Name, trusted).AddClaimInjection(options => configure?.Invoke(options))
            : services.AddHttpClient(Name).AddClaimInjection(TrustingOptions);
        builder.ConfigurePrimaryHttpMessageHandler(WireServer.NewSocketsHandler);

        ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        return new WiredClient(provider.GetRequiredService<IHttpClientFactory>().CreateClient(Name), provider);

        void TrustingOptions(ClaimInjectionOptions options)
        {
            options.TrustedOrigins.Add(trusted);
            configure?.Invoke(options);
        }
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool synchronous) => _http.SendAsync(request, synchronous);

    public MetricCollector<long> Collect(string instrument) =>
        new(_services!.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", instrument);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_services is not null)
        {
            await _services.DisposeAsync();
        }
    }
}
