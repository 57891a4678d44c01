using Gateway;
using Gateway.Development;
using Microsoft.AspNetCore.Builder;
using Proxy;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>The samples Proxy and Gateway, and a proxy without identity, in front of one backend that reads no identity.</summary>
internal sealed class ProxyServers : IAsyncDisposable
{
    private const string Name = "backend";

    private readonly List<IAsyncDisposable> _parts;

    private ProxyServers(List<IAsyncDisposable> parts, LoadTarget[] targets)
    {
        _parts = parts;
        Targets = targets;
    }

    public LoadTarget[] Targets { get; }

    public static async Task<ProxyServers> StartAsync()
    {
        DevelopmentIssuer issuer = await DevelopmentIssuer.StartAsync();
        WebApplication backend = await LoadServers.StartBackendAsync(identity: false);
        Uri endpoint = LoadServers.EndpointOf(backend);
        string[] settings =
        [
            "--urls=http://127.0.0.1:0",
            "--AllowedHosts=127.0.0.1",
            .. LoadServers.Silence.Select(level => $"--{level.Key}={level.Value}"),
            $"--Oidc:Authority={issuer.Authority}",
            $"--Oidc:Audience={DevelopmentIssuer.Audience}",
            "--Oidc:RequireHttpsMetadata=false",
            $"--Backends:{Name}:Endpoint={endpoint}",
        ];
        WebApplication plain = PlainProxy.Create(issuer, endpoint);
        WebApplication proxy = ProxyApp.Create(settings);
        WebApplication gateway = GatewayApp.Create(settings);
        foreach (WebApplication app in new[] { plain, proxy, gateway })
        {
            await app.StartAsync();
        }

        LoadTarget straight = LoadTarget.At("straight to a backend", endpoint, LoadServers.Tool, BearerOf);
        LoadTarget yarp = LoadTarget.At("YARP without identity", LoadServers.EndpointOf(plain), LoadServers.Tool, BearerOf, straight);
        return new ProxyServers(
            [issuer, backend, plain, proxy, gateway],
            [
                straight,
                yarp,
                LoadTarget.At(
                    "samples/Proxy", new Uri($"{proxy.Urls.Single()}/{Name}/mcp"), LoadServers.Tool, BearerOf, straight, yarp),
                LoadTarget.At(
                    "samples/Gateway", LoadServers.EndpointOf(gateway), $"{Name}_{LoadServers.Tool}", BearerOf, straight, yarp),
            ]);

        Dictionary<string, string> BearerOf(int user) => new()
        {
            ["Authorization"] =
                $"Bearer {issuer.TokenFor(new SampleUser($"user-{user}", $"User {user}", $"user-{user}@example.com"))}",
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in Enumerable.Reverse(_parts))
        {
            await part.DisposeAsync();
        }
    }
}
