using System.Runtime.CompilerServices;
using Backend;
using Gateway;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The samples as one would deploy them: the gateway, its backends and an OpenID Connect server, each on its own port.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    /// <summary>The prefix of the sample backend's tools.</summary>
    public const string Notes = "notes";

    public const string SecretHeader = "X-Gateway-Secret";

    public const string Secret = "as-long-as-the-backend-wants-it";

    private static readonly string Samples = SamplesFolder();

    private readonly List<IAsyncDisposable> _parts = [];

    private Deployment()
    {
    }

    public OidcServer Oidc { get; private set; } = null!;

    public RunningApp Backend { get; private set; } = null!;

    public RunningApp Gateway { get; private set; } = null!;

    /// <summary>Gets where the gateway finds the backend: at the backend itself, or at what stands between them.</summary>
    public Uri BackendEndpoint { get; private set; } = null!;

    /// <param name="between">Starts what is to stand between the gateway and the backend at this address.</param>
    /// <param name="others">The gateway's other backends.</param>
    public static Task<Deployment> StartAsync(Func<Uri, Task<Nginx>>? between = null, params (string Prefix, Uri Endpoint)[] others) =>
        StartAsync([], between, others);

    /// <param name="settings">The gateway's settings beside those of every deployment.</param>
    /// <param name="between">Starts what is to stand between the gateway and the backend at this address.</param>
    /// <param name="others">The gateway's other backends.</param>
    public static async Task<Deployment> StartAsync(
        (string Key, string Value)[] settings, Func<Uri, Task<Nginx>>? between = null, params (string Prefix, Uri Endpoint)[] others)
    {
        var deployment = new Deployment();
        OidcServer oidc = deployment.Oidc = deployment.Add(await OidcServer.StartAsync());
        RunningApp backend = deployment.Backend = deployment.Add(await RunningApp.StartAsync(BackendApp.Create(Settings(
            "Backend",
            ("IdentityHeaders:TrustedPeers:0", "127.0.0.1"),
            ("IdentityHeaders:SharedSecrets:0:HeaderName", SecretHeader),
            ("IdentityHeaders:SharedSecrets:0:Value", Secret)))));

        deployment.BackendEndpoint = between is null
            ? backend.Endpoint
            : new Uri(deployment.Add(await between(backend.Uri)).Uri, "/mcp");

        IEnumerable<(string Prefix, Uri Endpoint)> backends = others.Prepend((Notes, deployment.BackendEndpoint));
        deployment.Gateway = deployment.Add(await RunningApp.StartAsync(GatewayApp.Create(Settings(
            "Gateway",
            [
                ("Oidc:Authority", oidc.Authority.ToString()),
                ("Oidc:Audience", OidcServer.GatewayAudience),
                ("Oidc:RequireHttpsMetadata", "false"),
                ($"Backends:{Notes}:Identity:SharedSecret:HeaderName", SecretHeader),
                ($"Backends:{Notes}:Identity:SharedSecret:Value", Secret),
                .. backends.Select(other => ($"Backends:{other.Prefix}:Endpoint", other.Endpoint.ToString())),
                .. settings,
            ]))));
        return deployment;
    }

    /// <summary>Signs somebody in and connects them to the gateway.</summary>
    /// <param name="user">Who.</param>
    /// <param name="protocol">The MCP version that the user's program insists on; null for what both ends know.</param>
    /// <param name="headers">What else the user's program sends with each request.</param>
    public Task<McpClient> ConnectAsync(OidcUser user, string? protocol = null, params (string Name, string Value)[] headers) =>
        ConnectAsync(user, new McpClientOptions { ProtocolVersion = protocol }, headers);

    /// <summary>Signs somebody in and connects their client of these options to the gateway.</summary>
    public async Task<McpClient> ConnectAsync(OidcUser user, McpClientOptions options, params (string Name, string Value)[] headers) =>
        await ConnectWithTokenAsync(await Oidc.IssueTokenAsync(user), options, headers);

    /// <summary>Connects a client with a token to the gateway.</summary>
    public async Task<McpClient> ConnectWithTokenAsync(
        string token, McpClientOptions? options = null, params (string Name, string Value)[] headers)
    {
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = Gateway.Endpoint,
            AdditionalHeaders = headers.Prepend((Name: "Authorization", Value: $"Bearer {token}"))
                .ToDictionary(header => header.Name, header => header.Value),
        });
        return await McpClient.CreateAsync(transport, options);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in Enumerable.Reverse(_parts))
        {
            await part.DisposeAsync();
        }
    }

    // Each has its own folder, as where it is deployed, and not the tests', where the files of both would meet.
    internal static string[] Settings(string sample, params IEnumerable<(string Key, string Value)> settings) =>
    [
        "--urls=http://127.0.0.1:0",
        "--environment=Production",
        $"--contentRoot={Path.Combine(Samples, sample)}",
        "--Logging:LogLevel:Default=None",
        .. settings.Select(setting => $"--{setting.Key}={setting.Value}"),
    ];

    private static string SamplesFolder([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "..", "samples"));

    private T Add<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
