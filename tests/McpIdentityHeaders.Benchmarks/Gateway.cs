using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>A program with one MCP client and its current user in a property: excludes the cost of opening a scope.</summary>
internal sealed class Gateway : IIdentityAccessor, IAsyncDisposable
{
    public const string ClientName = "backend";

    private readonly ServiceProvider _services;

    public Gateway(Uri endpoint, bool inMemory, bool stream = true)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder builder = services.AddMcpClient(ClientName, endpoint).AddClaimInjection();
        if (inMemory)
        {
            var backend = new InMemoryBackend();
            builder.ConfigurePrimaryHttpMessageHandler(() => backend);
        }

        services.AddSingleton<IIdentityAccessor>(this);
        services.Configure<McpClientOptions>(ClientName, options => options.ProtocolVersion = "2025-11-25");
        services.Configure<HttpClientTransportOptions>(ClientName, options =>
        {
            options.TransportMode = HttpTransportMode.StreamableHttp;
            options.EnableStandaloneGetStream = stream;
        });
        services.Configure<McpClientPoolOptions>(ClientName, options => options.MaxSessions = 100_000);

        _services = services.BuildServiceProvider();
        Pool = _services.GetRequiredService<IMcpClientPool>();
        Factory = _services.GetRequiredService<IMcpClientFactory>();
    }

    public ClaimsPrincipal? User { get; set; }

    public IMcpClientPool Pool { get; }

    public IMcpClientFactory Factory { get; }

    /// <summary>A user as an identity provider describes one: eight claims, of which three become headers.</summary>
    public static ClaimsPrincipal NewUser(int number) => new(new ClaimsIdentity(
        [
            new Claim("iss", "https://login.example.com"),
            new Claim("aud", "gateway"),
            new Claim("iat", "1790000000"),
            new Claim("exp", "1790003600"),
            new Claim("sub", $"user-{number}"),
            new Claim("email", $"user-{number}@example.com"),
            new Claim("name", $"User {number}"),
            new Claim("scope", "openid profile email"),
        ],
        authenticationType: "benchmark"));

    /// <summary>Opens the session of a user, and leaves it idle.</summary>
    public async Task OpenAsync(ClaimsPrincipal user)
    {
        User = user;
        await using McpClientLease lease = await Pool.RentAsync(ClientName);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
