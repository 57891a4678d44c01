using Backend;
using Gateway;
using Microsoft.AspNetCore.Builder;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>The samples as they are. Straight to the backend, a client sends the headers itself, and is believed because of where it is.</summary>
internal sealed class SampleServers : IAsyncDisposable
{
    private readonly WebApplication _backend;
    private readonly WebApplication _gateway;

    private SampleServers(WebApplication backend, WebApplication gateway)
    {
        _backend = backend;
        _gateway = gateway;
        Straight = new LoadTarget("straight to samples/Backend", LoadServers.EndpointOf(backend), "whoami", HeadersOf);
        Through = new LoadTarget("through samples/Gateway", LoadServers.EndpointOf(gateway), "notes_whoami", BearerOf);
    }

    public LoadTarget Straight { get; }

    public LoadTarget Through { get; }

    public static async Task<SampleServers> StartAsync()
    {
        WebApplication backend = BackendApp.Create(
            ["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None", "--IdentityHeaders:TrustedNetworks:0=127.0.0.0/8"]);
        await backend.StartAsync();

        WebApplication gateway = GatewayApp.Create(
        [
            "--urls=http://127.0.0.1:0",
            "--environment=Development",
            "--Logging:LogLevel:Default=None",
            $"--Backends:notes:Endpoint={LoadServers.EndpointOf(backend)}",
        ]);
        await gateway.StartAsync();
        return new SampleServers(backend, gateway);
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    private static Dictionary<string, string> HeadersOf(int user) => new() { ["X-User-Sub"] = $"user-{user}", ["X-User-Name"] = $"User {user}" };

    private Dictionary<string, string> BearerOf(int user)
    {
        string[] users = ["alice", "bob", "jose", "yamada"];
        using var client = new HttpClient();
        using HttpResponseMessage token = client.Send(
            new HttpRequestMessage(HttpMethod.Get, $"{_gateway.Urls.Single()}/development/token/{users[user % users.Length]}"));
        using var reader = new StreamReader(token.Content.ReadAsStream());
        return new Dictionary<string, string> { ["Authorization"] = $"Bearer {reader.ReadToEnd()}" };
    }
}
