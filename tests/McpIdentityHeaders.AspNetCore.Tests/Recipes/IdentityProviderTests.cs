using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Tokens as the providers document them, through JwtBearer and the maps of docs/identity-providers.md, to the headers.</summary>
public sealed class IdentityProviderTests
{
    private const string EntraAccessToken = """
        {
          "iss": "https://login.microsoftonline.com/1d5b7c2e-0000-4000-8000-000000000001/v2.0", "aud": "api", "ver": "2.0",
          "sub": "pairwise-for-this-application", "oid": "9b1f6c0a-0000-4000-8000-000000000002", "scp": "notes",
          "tid": "1d5b7c2e-0000-4000-8000-000000000001",
          "name": "Alice Adams", "preferred_username": "alice@contoso.example", "roles": ["Notes.Read", "Notes.Write"]
        }
        """;

    private const string KeycloakAccessToken = """
        {
          "iss": "https://keycloak.example/realms/acme", "azp": "my-client", "sub": "f81d4fae-0000-4000-8000-000000000003",
          "scope": "email profile", "email_verified": true, "name": "Alice Adams", "preferred_username": "alice", "email": "alice@acme.example",
          "realm_access": { "roles": ["staff", "admin"] },
          "resource_access": { "my-client": { "roles": ["editor"] }, "account": { "roles": ["manage-account"] } },
          "groups": ["/staff/sales"]
        }
        """;

    private const string Auth0AccessToken = """
        {
          "iss": "https://acme.auth0.com/", "sub": "auth0|6553da60a54af58e29493993", "aud": ["api", "https://acme.auth0.com/userinfo"],
          "azp": "client", "scope": "openid", "permissions": ["read:notes"], "org_id": "org_9ybsU1dN2dKfDkBi",
          "https://example.com/email": "alice@acme.example", "https://example.com/roles": ["staff", "admin"]
        }
        """;

    private const string OktaAccessToken = """
        {
          "ver": 1, "iss": "https://acme.okta.com/oauth2/default", "aud": "api", "cid": "client", "scp": ["openid"],
          "sub": "alice@acme.example", "uid": "00u2yulup4eWbOttd1t7", "groups": ["Everyone", "Sales"]
        }
        """;

    private const string OktaIdToken = """
        {
          "ver": 1, "iss": "https://acme.okta.com/oauth2/default", "aud": "client", "sub": "00u2yulup4eWbOttd1t7",
          "name": "Alice Adams", "email": "alice@acme.example", "preferred_username": "alice@acme.example", "groups": ["Everyone", "Sales"]
        }
        """;

    private const string CognitoAccessToken = """
        {
          "iss": "https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example", "token_use": "access",
          "client_id": "57cbishk4j24pabc1234567890", "sub": "aaaaaaaa-0000-4000-8000-000000000004", "username": "alice",
          "cognito:groups": ["staff", "admin"], "scope": "openid"
        }
        """;

    private const string CognitoIdToken = """
        {
          "iss": "https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example", "token_use": "id", "aud": "57cbishk4j24pabc1234567890",
          "sub": "aaaaaaaa-0000-4000-8000-000000000004", "cognito:username": "alice", "cognito:groups": ["staff", "admin"],
          "email": "alice@acme.example", "email_verified": true
        }
        """;

    private const string GoogleIdToken = """
        {
          "iss": "https://accounts.google.com", "aud": "client", "azp": "client", "sub": "10769150350006150715113082367",
          "email": "alice@acme.example", "email_verified": true, "name": "Alice Adams", "hd": "acme.example"
        }
        """;

    private const string AdfsToken = """
        {
          "iss": "https://adfs.contoso.example/adfs", "aud": "api", "sub": "pairwise-for-this-client", "unique_name": "CONTOSO\\alice",
          "upn": "alice@contoso.example", "role": ["staff", "admin"]
        }
        """;

    public static TheoryData<string, Action<IServiceCollection, Uri>, string, string[]> Tokens => new()
    {
        {
            "Entra", IdentityProviderMaps.AddEntra, EntraAccessToken,
            [
                "X-User-Name: Alice Adams", "X-User-Roles: Notes.Read,Notes.Write", "X-User-Sub: 9b1f6c0a-0000-4000-8000-000000000002",
                "X-User-Tenant: 1d5b7c2e-0000-4000-8000-000000000001",
            ]
        },
        {
            "Keycloak", IdentityProviderMaps.AddKeycloak, KeycloakAccessToken,
            [
                "X-User-Client-Roles: editor", "X-User-Email: alice@acme.example", "X-User-Groups: /staff/sales",
                "X-User-Name: Alice Adams", "X-User-Roles: staff,admin", "X-User-Sub: f81d4fae-0000-4000-8000-000000000003",
            ]
        },
        {
            "Auth0", IdentityProviderMaps.AddAuth0, Auth0AccessToken,
            [
                "X-User-Email: alice@acme.example", "X-User-Org: org_9ybsU1dN2dKfDkBi", "X-User-Roles: staff,admin",
                "X-User-Sub: auth0|6553da60a54af58e29493993",
            ]
        },
        {
            "Okta, access token", IdentityProviderMaps.AddOkta, OktaAccessToken,
            ["X-User-Groups: Everyone,Sales", "X-User-Sub: 00u2yulup4eWbOttd1t7"]
        },
        {
            "Okta, ID token", IdentityProviderMaps.AddOkta, OktaIdToken,
            [
                "X-User-Email: alice@acme.example", "X-User-Groups: Everyone,Sales", "X-User-Name: Alice Adams",
                "X-User-Sub: 00u2yulup4eWbOttd1t7",
            ]
        },
        {
            "Cognito, access token", IdentityProviderMaps.AddCognito, CognitoAccessToken,
            ["X-User-Groups: staff,admin", "X-User-Name: alice", "X-User-Sub: aaaaaaaa-0000-4000-8000-000000000004"]
        },
        {
            "Cognito, ID token", IdentityProviderMaps.AddCognito, CognitoIdToken,
            [
                "X-User-Email: alice@acme.example", "X-User-Groups: staff,admin", "X-User-Name: alice",
                "X-User-Sub: aaaaaaaa-0000-4000-8000-000000000004",
            ]
        },
        {
            "Google", IdentityProviderMaps.AddGoogle, GoogleIdToken,
            [
                "X-User-Domain: acme.example", "X-User-Email: alice@acme.example", "X-User-Name: Alice Adams",
                "X-User-Sub: 10769150350006150715113082367",
            ]
        },
        {
            "AD FS", IdentityProviderMaps.AddAdfs, AdfsToken,
            ["X-User-Name: alice@contoso.example", "X-User-Roles: staff,admin", @"X-User-Sub: CONTOSO\alice"]
        },
    };

    [Theory]
    [MemberData(nameof(Tokens), DisableDiscoveryEnumeration = true)]
    public async Task Claims_without_renaming_become_the_headers(
        string provider, Action<IServiceCollection, Uri> register, string payload, string[] expected)
    {
        (string[] headers, _) = await SendAsync(register, payload, mapInboundClaims: false);

        Assert.NotEmpty(provider);
        Assert.Equal(expected, headers);
    }

    [Theory]
    [MemberData(nameof(Tokens), DisableDiscoveryEnumeration = true)]
    public async Task Renamed_claims_become_the_same_header_or_a_line_that_names_it(
        string provider, Action<IServiceCollection, Uri> register, string payload, string[] expected)
    {
        (string[] headers, string[] renamed) = await SendAsync(register, payload, mapInboundClaims: true);

        Assert.NotEmpty(provider);
        Assert.Empty(headers.Except(expected));
        Assert.All(expected.Except(headers).Select(header => header.Split(':')[0]), missing => Assert.Contains(
            renamed, line => line.Contains($"'{missing}' is not set", StringComparison.Ordinal)));
    }

    /// <summary>
    /// Signs in with the token, and sends. Returns the identity headers in order of names, and the lines of renamed claims.
    /// </summary>
    private static async Task<(string[] Headers, string[] Renamed)> SendAsync(
        Action<IServiceCollection, Uri> register, string payload, bool mapInboundClaims)
    {
        var backend = new RecordingHandler();
        var endpoint = new Uri("https://notes.test/mcp");
        var key = new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32));
        FakeLogCollector logs = FakeLogCollector.Create(new FakeLogCollectorOptions());
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddTraceLogging(logs);
        builder.Services.AddHttpContextIdentity();
        builder.Services.AddAuthentication().AddJwtBearer(options =>
        {
            options.MapInboundClaims = mapInboundClaims;
            options.TokenValidationParameters = new TokenValidationParameters
            {
                IssuerSigningKey = key,
                ValidateIssuer = false,
                ValidateAudience = false,
                ValidateLifetime = false,
                RequireExpirationTime = false,
            };
        });
        register(builder.Services, endpoint);
        builder.Services.AddHttpClient("notes").ConfigurePrimaryHttpMessageHandler(() => backend);
        await using WebApplication app = builder.Build();
        app.MapGet("/", async (IHttpClientFactory clients) =>
        {
            using HttpResponseMessage response = await clients.CreateClient("notes").GetAsync(endpoint);
        });
        await app.StartAsync();
        string token = new JsonWebTokenHandler().CreateToken(payload, new SigningCredentials(key, SecurityAlgorithms.HmacSha256));
        using var client = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

        using HttpResponseMessage answer = await client.GetAsync(new Uri(app.Urls.Single()));

        answer.EnsureSuccessStatusCode();
        return (
            [.. backend.Only.Identity.Order(StringComparer.Ordinal)],
            [.. logs.GetSnapshot().Where(log => log.Id.Name == "ClaimRenamed").Select(log => log.Message)]);
    }
}
