using System.Net;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>
/// nginx between the gateway and the backend. It drops headers with an underscore in their names unless it is told otherwise, and the
/// backend must not depend on which it is.
/// </summary>
public sealed class NginxTests
{
    private static readonly OidcUser Yamada = new("yamada", "山田太郎", "taro@example.jp", "staff");

    [NginxTheory, InlineData("off"), InlineData("on")]
    public async Task Identity_arrives_through_nginx(string underscores)
    {
        await using Deployment deployment = await StartAsync(underscores);
        await using McpClient yamada = await deployment.ConnectAsync(Yamada);

        Assert.Equal(Yamada.ToString(), await yamada.WhoAmIAsync());
    }

    [NginxTheory, InlineData("off"), InlineData("on")]
    public async Task What_an_outsider_claims_to_be_does_not_arrive_through_nginx(string underscores)
    {
        await using Deployment deployment = await StartAsync(underscores);
        await using McpClient alice = await deployment.ConnectAsync(
            OidcUser.Alice,
            headers: [("X-User-Sub", "mallory"), ("X_User_Sub", "mallory"), ("x_user_roles", "mallory"), ("X.User.Name", "mallory")]);

        Assert.Equal(OidcUser.Alice.ToString(), await alice.WhoAmIAsync());
        Assert.DoesNotContain(deployment.Backend.Exchanges, exchange => exchange.Headers.Values.Contains("mallory"));
    }

    [NginxTheory, InlineData("off"), InlineData("on")]
    public async Task Alias_that_nginx_adds_is_refused(string underscores)
    {
        await using Deployment deployment = await StartAsync(underscores, location: "proxy_set_header X_User_Sub mallory;");

        Assert.Equal(HttpStatusCode.BadRequest, await RawInitialize.SendAsync(
            deployment.BackendEndpoint, ("X-User-Sub", "alice"), (Deployment.SecretHeader, Deployment.Secret)));
        await using McpClient alice = await deployment.ConnectAsync(OidcUser.Alice);
        Assert.True((await alice.CallToolAsync("notes_whoami")).IsError);
        Assert.All(deployment.Backend.Exchanges, exchange => Assert.Equal("mallory", exchange.Headers["X_User_Sub"]));
    }

    [NginxTheory, InlineData("off", HttpStatusCode.OK), InlineData("on", HttpStatusCode.BadRequest)]
    public async Task Alias_beside_an_identity_is_dropped_by_nginx_or_refused(string underscores, HttpStatusCode expected)
    {
        await using Deployment deployment = await StartAsync(underscores);

        HttpStatusCode status = await RawInitialize.SendAsync(
            deployment.BackendEndpoint, ("X-User-Sub", "alice"), ("X_User_Sub", "mallory"), (Deployment.SecretHeader, Deployment.Secret));

        Assert.Equal(expected, status);
    }

    [NginxTheory, InlineData("off", HttpStatusCode.Unauthorized), InlineData("on", HttpStatusCode.BadRequest)]
    public async Task Alias_in_the_place_of_an_identity_is_dropped_by_nginx_or_refused(string underscores, HttpStatusCode expected)
    {
        await using Deployment deployment = await StartAsync(underscores);

        HttpStatusCode status = await RawInitialize.SendAsync(
            deployment.BackendEndpoint, ("X_User_Sub", "mallory"), (Deployment.SecretHeader, Deployment.Secret));

        Assert.Equal(expected, status);
    }

    [NginxTheory, InlineData("off"), InlineData("on")]
    public async Task Identity_past_the_gateway_is_refused_though_nginx_is_trusted(string underscores)
    {
        await using Deployment deployment = await StartAsync(underscores);

        Assert.Equal(HttpStatusCode.Unauthorized, await RawInitialize.SendAsync(deployment.BackendEndpoint, ("X-User-Sub", "alice")));
    }

    private static Task<Deployment> StartAsync(string underscores, string location = "") =>
        Deployment.StartAsync(backend => Nginx.StartAsync(backend, $"underscores_in_headers {underscores};", location));
}
