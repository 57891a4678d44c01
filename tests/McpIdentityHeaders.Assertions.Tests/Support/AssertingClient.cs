using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Assertions.Tests.Support;

/// <summary>A client that sends assertions, in front of a handler that records what would go out.</summary>
internal sealed class AssertingClient : IAsyncDisposable
{
    public const string Name = "backend";

    public const string Issuer = "https://gateway.example.com";

    public const string Header = "X-User-Assertion";

    public static readonly Uri Endpoint = new("https://notes.example.com/mcp");

    private readonly ServiceProvider _services;

    private AssertingClient(ServiceProvider services, RecordingHandler backend, PropertyAccessor accessor, FakeTimeProvider time)
    {
        _services = services;
        Backend = backend;
        Accessor = accessor;
        Time = time;
    }

    public RecordingHandler Backend { get; }

    public PropertyAccessor Accessor { get; }

    public FakeTimeProvider Time { get; }

    public FakeLogCollector Logs => _services.GetFakeLogCollector();

    public IServiceProvider Services => _services;

    /// <summary>Gets the last token that arrived.</summary>
    public string Token => Assert.Single(Backend.Requests[^1].Values(Header));

    public static AssertingClient For(
        ClaimsPrincipal? user,
        Action<IdentityAssertionOptions>? configure = null,
        Action<ClaimInjectionOptions>? injection = null,
        Func<HttpRequestMessage, HttpResponseMessage>? respond = null,
        Action<IHttpClientBuilder>? build = null)
    {
        var backend = new RecordingHandler(respond);
        var accessor = new PropertyAccessor(user);
        var time = new FakeTimeProvider(DateTimeOffset.Parse("2026-01-02T03:04:05Z", System.Globalization.CultureInfo.InvariantCulture));
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging());
        services.AddSingleton<IIdentityAccessor>(accessor);
        services.AddSingleton<TimeProvider>(time);
        IHttpClientBuilder client = services.AddMcpClient(Name, Endpoint)
            .AddClaimInjection(options => injection?.Invoke(options))
            .ConfigurePrimaryHttpMessageHandler(() => backend);
        if (build is not null)
        {
            build(client);
        }
        else
        {
            client.AddIdentityAssertion(options =>
            {
                options.Issuer = Issuer;
                configure?.Invoke(options);
                if (options.Keys.Count == 0)
                {
                    options.Keys.AddDevelopmentKey();
                }
            });
        }

        return new AssertingClient(services.BuildServiceProvider(validateScopes: true), backend, accessor, time);
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage? request = null, bool synchronous = false) =>
        _services.GetRequiredService<IHttpClientFactory>().CreateClient(Name)
            .SendAsync(request ?? HttpTesting.Post(Endpoint.ToString()), synchronous);

    /// <summary>Gets the error of the client's start-up.</summary>
    public OptionsValidationException StartupError() =>
        Assert.Throws<OptionsValidationException>(() => _services.GetRequiredService<IHttpClientFactory>().CreateClient(Name));

    /// <summary>Verifies a token with the client's published keys.</summary>
    public Task<TokenValidationResult> ValidateAsync(string token, Action<TokenValidationParameters>? configure = null)
    {
        var parameters = new TokenValidationParameters
        {
            ValidIssuer = Issuer,
            ValidAudience = "https://notes.example.com",
            ValidTypes = ["user-assertion+jwt"],
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256],
            IssuerSigningKeys = PublishedKeys(),
            LifetimeValidator = (notBefore, expires, _, _) =>
                notBefore <= Time.GetUtcNow().UtcDateTime && expires > Time.GetUtcNow().UtcDateTime,
        };
        configure?.Invoke(parameters);
        return new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(token, parameters);
    }

    public async Task<JsonWebToken> ReadAsync(string token, bool ignoreLifetime = false)
    {
        TokenValidationResult result = await ValidateAsync(
            token, parameters => parameters.LifetimeValidator = ignoreLifetime ? (_, _, _, _) => true : parameters.LifetimeValidator);
        Assert.True(result.IsValid, result.Exception?.Message);
        return (JsonWebToken)result.SecurityToken;
    }

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();

    private List<SecurityKey> PublishedKeys()
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (PublicJsonWebKey key in _services.GetRequiredKeyedService<IdentityAssertionState>(Name).Plan.Keys.GetPublicKeys())
            {
                key.WriteTo(writer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return [.. new JsonWebKeySet(System.Text.Encoding.UTF8.GetString(stream.ToArray())).GetSigningKeys()];
    }
}
