using Backend;
using Gateway;
using Gateway.Development;
using Microsoft.AspNetCore.Builder;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>The unchanged samples. Straight to the backend, a client sends the headers itself, from a trusted network.</summary>
internal sealed class SampleServers : IAsyncDisposable
{
    private readonly DevelopmentIssuer _issuer;
    private readonly WebApplication _backend;
    private readonly WebApplication _gateway;

    private SampleServers(DevelopmentIssuer issuer, WebApplication backend, WebApplication gateway)
    {
        _issuer = issuer;
        _backend = backend;
        _gateway = gateway;
        Straight = LoadTarget.At("straight to samples/Backend", LoadServers.EndpointOf(backend), "whoami", HeadersOf);
        Through = LoadTarget.At("through samples/Gateway", LoadServers.EndpointOf(gateway), "notes_whoami", BearerOf, Straight);
    }

    public LoadTarget Straight { get; }

    public LoadTarget Through { get; }

    public static async Task<SampleServers> StartAsync()
    {
        DevelopmentIssuer issuer = await DevelopmentIssuer.StartAsync();
        WebApplication backend = BackendApp.Create(Settings("--IdentityHeaders:TrustedPeers:0=loopback"));
        await backend.StartAsync();

        WebApplication gateway = GatewayApp.Create(Settings(
            $"--Oidc:Authority={issuer.Authority}",
            $"--Oidc:Audience={DevelopmentIssuer.Audience}",
            "--Oidc:RequireHttpsMetadata=false",
            $"--Backends:notes:Endpoint={LoadServers.EndpointOf(backend)}"));
        await gateway.StartAsync();
        return new SampleServers(issuer, backend, gateway);
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    private static string[] Settings(params string[] settings) =>
        ["--urls=http://127.0.0.1:0", .. LoadServers.Silence.Select(level => $"--{level.Key}={level.Value}"), .. settings];

    private static Dictionary<string, string> HeadersOf(int user) => new()
    {
        ["X-User-Sub"] = $"user-{user}",
        ["X-User-Name"] = $"User {user}",
        ["X-User-Email"] = $"user-{user}@example.com",
    };

    private Dictionary<string, string> BearerOf(int user) => new()
    {
        ["Authorization"] = $"Bearer {_issuer.TokenFor(new SampleUser($"user-{user}", $"User {user}", $"user-{user}@example.com"))}",
    };
}
