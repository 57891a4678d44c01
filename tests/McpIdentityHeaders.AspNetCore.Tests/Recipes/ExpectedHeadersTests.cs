using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>The clients of docs/in-front.md for backends that expect a proxy's headers: such a backend reads the same user.</summary>
public sealed class ExpectedHeadersTests
{
    private static readonly Claim[] Jose =
    [
        new("sub", "1234"), new("oid", "9f8e7d6c"), new("name", "José 山田"), new("preferred_username", "josé"),
        new("email", "jose@example.com"),
        new("groups", "dev"), new("groups", "admin"), new("roles", "writer"),
    ];

    [Theory]
    [InlineData(IdentityHeadersProfile.OAuth2Proxy, "X-Forwarded-")]
    [InlineData(IdentityHeadersProfile.OAuth2ProxyAuthRequest, "X-Auth-Request-")]
    public async Task Backend_behind_oauth2_proxy_reads_the_same_user(IdentityHeadersProfile profile, string prefix)
    {
        await using ReceivingServer server = await StartAsync(profile);

        ReceivedUser user = await SendAsync(server, Jose, options => SetOAuth2Proxy(options, prefix));

        Assert.Equal("josé", user.Name);
        Assert.Equal(
            ["sub=1234", "email=jose@example.com", "preferred_username=josé", "groups=dev", "groups=admin"],
            user.Claims.Select(claim => $"{claim.Type}={claim.Value}"));
    }

    [Fact]
    public async Task Backend_behind_Authelia_reads_the_same_user()
    {
        await using ReceivingServer server = await StartAsync(IdentityHeadersProfile.Authelia);

        ReceivedUser user = await SendAsync(server, Jose, SetAuthelia);

        Assert.Equal("José 山田", user.Name);
        Assert.Equal(
            ["sub=1234", "name=José 山田", "email=jose@example.com", "groups=dev", "groups=admin"],
            user.Claims.Select(claim => $"{claim.Type}={claim.Value}"));
    }

    [Theory]
    [InlineData("eng,ops", "eng%2Cops")]
    [InlineData("é", "%C3%A9")]
    [InlineData(" outer", "%20outer")]
    public async Task Group_that_has_the_separator_is_never_two(string group, string received)
    {
        await using ReceivingServer server = await StartAsync(IdentityHeadersProfile.Authelia);

        ReceivedUser user = await SendAsync(server, [new("sub", "1"), new("groups", group), new("groups", "dev")], SetAuthelia);

        Assert.Equal([received, "dev"], user.Values("groups"));
    }

    [Fact]
    public async Task Values_that_the_user_lacks_are_left_out()
    {
        await using ReceivingServer server = await StartAsync(IdentityHeadersProfile.OAuth2Proxy);

        ReceivedUser user = await SendAsync(
            server, [new("sub", "1"), new("email", ""), new("groups", " ")], options => SetOAuth2Proxy(options, "X-Forwarded-"));

        Assert.Equal("sub", Assert.Single(user.Claims).Type);
    }

    [Fact]
    public async Task Backend_behind_IAP_reads_the_same_user()
    {
        await using ReceivingServer server = await StartAsync(options =>
        {
            options.Encoding = HeaderValueEncoding.Utf8;
            options.Headers.Clear();
            options.Headers.Add("X-Goog-Authenticated-User-Id", "sub");
            options.Headers.Add("X-Goog-Authenticated-User-Email", "email");
        });

        ReceivedUser user = await SendAsync(server, Jose, SetIap);

        Assert.Equal(
            ["sub=accounts.google.com:1234", "email=accounts.google.com:jose@example.com"],
            user.Claims.Select(claim => $"{claim.Type}={claim.Value}"));
    }

    [Fact]
    public async Task Backend_behind_App_Service_reads_the_same_user()
    {
        await using ReceivingServer server = await StartAsync(IdentityHeadersProfile.AzureAppService);

        ReceivedUser user = await SendAsync(server, Jose, SetAppService);

        Assert.Equal("José 山田", user.Name);
        Assert.Equal(
            ["sub=9f8e7d6c", "name=José 山田", "preferred_username=josé", "email=jose@example.com", "roles=writer"],
            user.Claims.Select(claim => $"{claim.Type}={claim.Value}"));
    }

    [Fact]
    public async Task Backend_that_reads_an_object_reads_the_same_user()
    {
        await using ReceivingServer server = await StartAsync(options => SetObject(options.Headers));

        ReceivedUser user = await SendAsync(server, Jose, options => SetObject(options.Headers));

        Assert.Equal(
            ["sub=1234", "name=José 山田", "email=jose@example.com", "groups=dev", "groups=admin"],
            user.Claims.Select(claim => $"{claim.Type}={claim.Value}"));
    }

    private static Task<ReceivingServer> StartAsync(IdentityHeadersProfile profile) => StartAsync(options => options.Profile = profile);

    private static Task<ReceivingServer> StartAsync(Action<IdentityHeadersOptions> configure) =>
        ReceivingServer.StartAsync(ReceivingServer.TrustLoopback + configure);

    private static async Task<ReceivedUser> SendAsync(ReceivingServer server, Claim[] claims, Action<ClaimInjectionOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("notes", server.Uri).AddClaimInjection(configure);
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("notes");
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Uri);
        request.SetUser(new ClaimsPrincipal(new ClaimsIdentity(claims, "aad", "name", "roles")));
        using HttpResponseMessage response = await client.SendAsync(request);
        return await ReceivingServer.UserOfAsync(response);
    }

    private static void SetOAuth2Proxy(ClaimInjectionOptions options, string prefix)
    {
        options.Encoding = HeaderValueEncoding.Utf8;
        options.Headers.Clear();
        options.Headers.Add($"{prefix}User", "sub");
        options.Headers.Add($"{prefix}Email", "email");
        options.Headers.Add($"{prefix}Preferred-Username", "preferred_username");
        options.Headers.Add(new ClaimHeader($"{prefix}Groups", "groups") { Format = ClaimValueFormat.CommaSeparated });
    }

    private static void SetAuthelia(ClaimInjectionOptions options)
    {
        options.Encoding = HeaderValueEncoding.Utf8;
        options.Headers.Clear();
        options.Headers.Add("Remote-User", "sub");
        options.Headers.Add("Remote-Name", "name");
        options.Headers.Add("Remote-Email", "email");
        options.Headers.Add(new ClaimHeader("Remote-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated });
    }

    private static void SetIap(ClaimInjectionOptions options)
    {
        options.Encoding = HeaderValueEncoding.Utf8;
        options.Headers.Clear();
        options.Headers.Add(new ClaimHeader(
            "X-Goog-Authenticated-User-Id", user => user.FindFirst("sub") is { } id ? $"accounts.google.com:{id.Value}" : null));
        options.Headers.Add(new ClaimHeader(
            "X-Goog-Authenticated-User-Email", user => user.FindFirst("email") is { } email ? $"accounts.google.com:{email.Value}" : null));
    }

    private static void SetAppService(ClaimInjectionOptions options)
    {
        options.Encoding = HeaderValueEncoding.Utf8;
        options.MaxHeaderValueLength = 16 * 1024;
        options.MaxTotalLength = 20 * 1024;
        options.Headers.Clear();
        options.Headers.Add("X-MS-CLIENT-PRINCIPAL-ID", "oid", "sub");
        options.Headers.Add("X-MS-CLIENT-PRINCIPAL-NAME", "preferred_username");
        options.Headers.Add(new ClaimHeader("X-MS-CLIENT-PRINCIPAL", "name", "preferred_username", "email", "roles")
        {
            Format = ClaimValueFormat.ClientPrincipal,
        });
    }

    private static void SetObject(ClaimHeaderCollection headers)
    {
        headers.Clear();
        headers.Add(new ClaimHeader("X-User-Info", "sub", "name", "email", "groups") { Format = ClaimValueFormat.Base64JsonObject });
    }
}
