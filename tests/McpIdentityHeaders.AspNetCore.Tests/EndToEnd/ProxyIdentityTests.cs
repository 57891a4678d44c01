using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>The sample proxy: the backend behind it knows each user, whatever else their programs send.</summary>
public sealed class ProxyIdentityTests : IAsyncLifetime
{
    private const int Rounds = 10;

    private static readonly (string Name, string Value)[] Forged =
    [
        ("X-User-Sub", "mallory"),
        ("X_User_Sub", "mallory"),
        ("x.user.name", "mallory"),
        ("X-User-Roles", "admin"),
        ("X_Gateway_Secret", "mallory"),
        ("Connection", "X-User-Sub"),
    ];

    private ProxyDeployment _deployment = null!;

    public async Task InitializeAsync() => _deployment = await ProxyDeployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Theory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Users_at_once_arrive_as_themselves_whatever_they_send(string protocol)
    {
        OidcUser[] users = [OidcUser.Alice, OidcUser.Bob, new("yamada", "山田太郎", "taro@example.jp", "営業")];
        await using var clients = new ClientCollection();
        foreach (OidcUser user in users)
        {
            clients.Add(await _deployment.ConnectAsync(user, Deployment.Notes, protocol, Forged));
        }

        await Task.WhenAll(users.Zip(clients, AskAsync));

        Assert.NotEmpty(_deployment.Backend.Exchanges);
        Assert.All(_deployment.Backend.Exchanges, exchange =>
        {
            Assert.Contains(exchange.Subject, users.Select(user => user.Subject));
            Assert.Equal(_deployment.Oidc.Authority.ToString(), exchange.Headers["X-User-Issuer"]);
            Assert.DoesNotContain(exchange.Headers.Values, value => value.Contains("mallory") || value.Contains("admin"));
            Assert.False(exchange.Headers.ContainsKey("Authorization"));
        });
        Assert.All(
            _deployment.Backend.Exchanges.GroupBy(exchange => exchange.Headers.GetValueOrDefault("Mcp-Session-Id"))
                .Where(session => session.Key is not null),
            session => Assert.Single(session.Select(exchange => exchange.Subject).Distinct()));

        async Task AskAsync(OidcUser user, McpClient client)
        {
            for (int round = 0; round < Rounds; round++)
            {
                string answer = (await client.CallToolAsync("whoami")).Text();
                Assert.Equal(user.ToString(), JsonSerializer.Deserialize<OidcUser>(answer, JsonSerializerOptions.Web)!.ToString());
            }
        }
    }

    [Fact]
    public async Task Anonymous_request_is_refused_and_reaches_no_backend()
    {
        Uri endpoint = _deployment.GetEndpoint(Deployment.Notes);
        string other = await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice, OidcServer.OtherAudience);

        Assert.Equal(HttpStatusCode.Unauthorized, await RawInitialize.SendAsync(endpoint));
        Assert.Equal(HttpStatusCode.Unauthorized, await RawInitialize.SendAsync(endpoint, ("Authorization", $"Bearer {other}")));
        Assert.Equal(HttpStatusCode.Unauthorized, await RawInitialize.SendAsync(
            endpoint, ("X-User-Sub", "alice"), (Deployment.SecretHeader, Deployment.Secret)));
        Assert.Empty(_deployment.Backend.Exchanges);
    }

    [Fact]
    public async Task Path_of_no_backend_is_not_found()
    {
        string token = await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        foreach (string path in new[] { "/mcp", "/other/mcp", "/notes", "/notes/mcp/more", "/notes/health" })
        {
            Assert.Equal(HttpStatusCode.NotFound, await RawInitialize.SendAsync(
                new Uri(_deployment.Proxy.Uri, path), ("Authorization", $"Bearer {token}")));
        }

        Assert.Empty(_deployment.Backend.Exchanges);
    }

    [Fact]
    public async Task Client_without_a_token_is_told_where_to_get_one()
    {
        using var client = new HttpClient();
        using HttpResponseMessage response = await client.GetAsync(_deployment.GetEndpoint(Deployment.Notes));
        string metadata = Assert.Single(response.Headers.WwwAuthenticate).Parameter!.Split('"')[1];

        JsonElement resource = await client.GetFromJsonAsync<JsonElement>(metadata);

        Assert.Equal(_deployment.GetEndpoint(Deployment.Notes).ToString(), resource.GetProperty("resource").GetString());
        Assert.Equal(
            [_deployment.Oidc.Authority.ToString()],
            resource.GetProperty("authorization_servers").EnumerateArray().Select(server => server.GetString()));
    }
}
