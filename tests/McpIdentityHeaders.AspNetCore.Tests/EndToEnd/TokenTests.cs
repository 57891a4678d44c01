using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>A request without a token for the gateway is anonymous, and reaches no backend.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private Deployment _deployment = null!;

    public async Task InitializeAsync() => _deployment = await Deployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Fact]
    public async Task Token_for_the_gateway_is_accepted() =>
        Assert.Equal(HttpStatusCode.OK, await SendAsync(await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice)));

    [Fact]
    public async Task No_token_is_refused()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await RawInitialize.SendAsync(_deployment.Gateway.Endpoint));
        Assert.Empty(_deployment.Backend.Exchanges);
    }

    [Fact]
    public async Task Identity_headers_in_the_place_of_a_token_are_refused()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await RawInitialize.SendAsync(
            _deployment.Gateway.Endpoint, ("X-User-Sub", "alice"), ("X_User_Sub", "alice"), (Deployment.SecretHeader, Deployment.Secret)));
        Assert.Empty(_deployment.Backend.Exchanges);
    }

    [Fact]
    public async Task Expired_token_is_refused() =>
        await AssertRefusedAsync(await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice, lifetime: TimeSpan.FromHours(-1)));

    [Fact]
    public async Task Token_for_another_audience_is_refused() =>
        await AssertRefusedAsync(await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice, OidcServer.OtherAudience));

    [Fact]
    public async Task Token_of_another_issuer_is_refused()
    {
        await using OidcServer other = await OidcServer.StartAsync();

        await AssertRefusedAsync(await other.IssueTokenAsync(OidcUser.Alice));
    }

    [Fact]
    public async Task Token_of_another_issuer_in_the_name_of_the_trusted_one_is_refused()
    {
        await using OidcServer forger = await OidcServer.StartAsync(issuer: _deployment.Oidc.Authority);

        await AssertRefusedAsync(await forger.IssueTokenAsync(OidcUser.Alice));
    }

    [Fact]
    public async Task Who_comes_without_a_token_is_told_where_to_get_one()
    {
        using var client = new HttpClient();
        using HttpResponseMessage response = await client.GetAsync(_deployment.Gateway.Endpoint);
        AuthenticationHeaderValue challenge = Assert.Single(response.Headers.WwwAuthenticate);
        string metadata = Assert.IsType<string>(challenge.Parameter).Split('"')[1];

        JsonElement resource = await client.GetFromJsonAsync<JsonElement>(
            new Uri(_deployment.Gateway.Uri, new Uri(metadata).AbsolutePath));

        Assert.StartsWith("resource_metadata=", challenge.Parameter, StringComparison.Ordinal);
        Assert.Equal(OidcServer.GatewayAudience, resource.GetProperty("resource").GetString());
        Assert.Equal(
            [_deployment.Oidc.Authority.ToString()],
            resource.GetProperty("authorization_servers").EnumerateArray().Select(server => server.GetString()));
    }

    private async Task AssertRefusedAsync(string token)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(token));
        Assert.Empty(_deployment.Backend.Exchanges);
    }

    private Task<HttpStatusCode> SendAsync(string token) =>
        RawInitialize.SendAsync(_deployment.Gateway.Endpoint, ("Authorization", $"Bearer {token}"));
}
