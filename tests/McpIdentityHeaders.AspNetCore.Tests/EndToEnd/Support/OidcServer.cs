using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>
/// A real OpenID Connect server on a port of the system's choice: discovery, keys, and access tokens as signed JWTs, for whoever a test
/// names. It has no database: the token request holds the claims of who signs in, as a JSON document.
/// </summary>
internal sealed class OidcServer : IAsyncDisposable
{
    /// <summary>What the gateway's tokens are for, as MCP has it: the resource's own URI (RFC 8707).</summary>
    public const string GatewayAudience = "https://gateway.example/mcp";

    public const string OtherAudience = "https://other.example/mcp";

    private const string GrantType = "urn:example:grant:claims";

    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private OidcServer(WebApplication app)
    {
        _app = app;
        Authority = new Uri(app.Urls.Single());
        _client = new HttpClient { BaseAddress = Authority };
    }

    public Uri Authority { get; }

    /// <param name="issuer">The issuer that it claims to be; null for itself. A forger claims another.</param>
    public static async Task<OidcServer> StartAsync(Uri? issuer = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddOpenIddict().AddServer(server => Configure(server, issuer));
        builder.Services.AddAuthentication();

        WebApplication app = builder.Build();
        app.UseAuthentication();
        await app.StartAsync();
        return new OidcServer(app);
    }

    /// <summary>Signs somebody in.</summary>
    /// <param name="user">Who.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="lifetime">How long the token is good; null for an hour; less than nothing for one that has expired.</param>
    public async Task<string> IssueTokenAsync(OidcUser user, string audience = GatewayAudience, TimeSpan? lifetime = null)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = GrantType,
            ["client_id"] = "tests",
            ["resource"] = audience,
            ["lifetime"] = (lifetime ?? TimeSpan.FromHours(1)).ToString("c"),
            ["user"] = JsonSerializer.Serialize(user),
        });

        using HttpResponseMessage response = await _client.PostAsync(new Uri("/connect/token", UriKind.Relative), form);
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.IsSuccessStatusCode, answer.ToString());
        return answer.GetProperty("access_token").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static void Configure(OpenIddictServerBuilder server, Uri? issuer)
    {
        server.SetTokenEndpointUris("connect/token").AllowCustomFlow(GrantType);
        server.RegisterResources(GatewayAudience, OtherAudience);
        server.EnableDegradedMode().DisableAccessTokenEncryption();
        server.UseAspNetCore().DisableTransportSecurityRequirement();

        // Keys of each server's own, of a kind that takes no time to make.
        server.AddSigningKey(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
        server.AddEncryptionKey(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)));
        if (issuer is not null)
        {
            server.SetIssuer(issuer);
        }

        server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(Admit));
        server.AddEventHandler<HandleTokenRequestContext>(handler => handler.UseInlineHandler(SignIn));
    }

    private static ValueTask Admit(ValidateTokenRequestContext context)
    {
        if (context.ClientId != "tests")
        {
            context.Reject(Errors.InvalidClient);
        }

        return ValueTask.CompletedTask;
    }

    private static ValueTask SignIn(HandleTokenRequestContext context)
    {
        var user = JsonSerializer.Deserialize<OidcUser>((string)context.Request["user"]!)!;
        var identity = new ClaimsIdentity("oidc");
        identity.AddClaim(new Claim(Claims.Subject, user.Subject));
        identity.AddClaim(new Claim(Claims.Name, user.Name));
        identity.AddClaim(new Claim(Claims.Email, user.Email));
        identity.AddClaims(user.Roles.Select(role => new Claim("roles", role)));
        identity.SetDestinations(_ => [Destinations.AccessToken]);

        var principal = new ClaimsPrincipal(identity);
        principal.SetResources(context.Request.Resources!);
        principal.SetAccessTokenLifetime(TimeSpan.Parse((string)context.Request["lifetime"]!, CultureInfo.InvariantCulture));
        context.SignIn(principal);
        return ValueTask.CompletedTask;
    }
}
