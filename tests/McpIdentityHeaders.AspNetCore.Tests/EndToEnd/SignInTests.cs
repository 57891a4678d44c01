using System.Net;
using System.Net.Http.Headers;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>Which tokens the gateway accepts, by its settings, and what it says of others.</summary>
public sealed class SignInTests : IAsyncLifetime
{
    private BareIssuer _issuer = null!;

    private static Dictionary<string, object> Alice => new() { ["sub"] = "alice", ["name"] = "Alice" };

    public async Task InitializeAsync() => _issuer = await BareIssuer.StartAsync();

    public async Task DisposeAsync() => await _issuer.DisposeAsync();

    [Theory]
    [InlineData("https://gateway.example/mcp", true)]
    [InlineData("api://gateway", true)]
    [InlineData("api://other", false)]
    public async Task Each_of_several_audiences_is_accepted(string audience, bool isAccepted)
    {
        await using Deployment deployment = await Deployment.StartAsync([_issuer.Setting, ("Oidc:Audiences:0", "api://gateway")]);

        Assert.Equal(isAccepted, await IsAcceptedAsync(deployment, _issuer.Issue(Alice, audience: audience)));
    }

    [Theory]
    [InlineData("app", true)]
    [InlineData("other app", false)]
    [InlineData(null, false)]
    public async Task Token_without_an_audience_is_accepted_by_its_application(string? clientId, bool isAccepted)
    {
        await using Deployment deployment = await Deployment.StartAsync(
            [_issuer.Setting, ("Oidc:Audience", ""), ("Oidc:ClientIds:0", "app"), ("PublicUrl", "https://gateway.example/mcp")]);
        Dictionary<string, object> claims = Alice;
        if (clientId is not null)
        {
            claims["client_id"] = clientId;
        }

        Assert.Equal(isAccepted, await IsAcceptedAsync(deployment, _issuer.Issue(claims, audience: null)));
    }

    [Fact]
    public async Task Neither_audience_nor_application_is_an_error_that_names_both()
    {
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Deployment.StartAsync([_issuer.Setting, ("Oidc:Audience", "")]));

        Assert.Contains("Oidc:Audience ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Oidc:ClientIds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_with_a_critical_extension_is_refused()
    {
        await using Deployment deployment = await Deployment.StartAsync([_issuer.Setting]);
        string token = _issuer.Issue(Alice, new() { ["crit"] = new[] { "b64" }, ["b64"] = false });

        Assert.False(await IsAcceptedAsync(deployment, token));
    }

    [Fact]
    public async Task Changed_key_is_found_soon_after_a_token_of_an_unknown_one()
    {
        await using Deployment deployment = await Deployment.StartAsync([_issuer.Setting, ("Oidc:KeyRefreshInterval", "00:00:01")]);
        Assert.True(await IsAcceptedAsync(deployment, _issuer.Issue(Alice)));

        Assert.False(await IsAcceptedAsync(deployment, _issuer.Forge(Alice)));
        _issuer.ChangeKey();

        while (!await IsAcceptedAsync(deployment, _issuer.Issue(Alice)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    [Fact]
    public async Task Refused_token_is_challenged_with_the_error_and_where_to_sign_in()
    {
        await using Deployment deployment = await Deployment.StartAsync([_issuer.Setting]);

        string other = await ChallengeAsync(deployment, _issuer.Issue(Alice, audience: "api://\"other\""));
        string none = await ChallengeAsync(deployment, token: null);

        const string Metadata = "resource_metadata=\"https://gateway.example/.well-known/oauth-protected-resource/mcp\"";
        Assert.StartsWith($"{Metadata}, error=\"invalid_token\", error_description=\"The audience ", other, StringComparison.Ordinal);
        Assert.Equal(6, other.Count(character => character == '"'));
        Assert.Equal(Metadata, none);
    }

    [Fact]
    public async Task Token_without_a_subject_is_said_by_calls_and_by_lists()
    {
        const string Sentence = "Your token names no single user, so nothing was sent to the backend 'notes'.";
        await using Deployment deployment = await Deployment.StartAsync([_issuer.Setting]);
        await using McpClient client = await deployment.ConnectWithTokenAsync(_issuer.Issue(new() { ["name"] = "Alice" }));

        CallToolResult result = await client.CallToolAsync("notes_whoami");
        McpProtocolException list = await Assert.ThrowsAsync<McpProtocolException>(async () => await client.ListToolsAsync());

        Assert.True(result.IsError);
        Assert.StartsWith(Sentence, result.Text(), StringComparison.Ordinal);
        Assert.Contains(Sentence, list.Message, StringComparison.Ordinal);
        Assert.Empty(deployment.Backend.Exchanges);
    }

    private static async Task<bool> IsAcceptedAsync(Deployment deployment, string token)
    {
        HttpStatusCode status = await RawInitialize.SendAsync(deployment.Gateway.Endpoint, ("Authorization", $"Bearer {token}"));
        Assert.Contains(status, new[] { HttpStatusCode.OK, HttpStatusCode.Unauthorized });
        return status == HttpStatusCode.OK;
    }

    private static async Task<string> ChallengeAsync(Deployment deployment, string? token)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, deployment.Gateway.Endpoint);
        request.Headers.Host = "mallory.example";
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);

        using HttpResponseMessage response = await client.SendAsync(request);
        AuthenticationHeaderValue challenge = Assert.Single(response.Headers.WwwAuthenticate);
        Assert.Equal("Bearer", challenge.Scheme);
        return challenge.Parameter!;
    }
}
