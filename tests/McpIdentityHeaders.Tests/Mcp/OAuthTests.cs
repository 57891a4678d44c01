using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>The SDK's OAuth requests go through the client's own HttpClient, to servers that must not learn who its users are.</summary>
public sealed class OAuthTests
{
    private static readonly string[] Steps = ["/.well-known/oauth-authorization-server", "/register", "/authorize", "/token"];

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Authorization_server_sees_no_identity_and_the_backend_does(McpBackendKind kind)
    {
        await using AuthorizationServer authorization = await AuthorizationServer.StartAsync();
        await using McpBackend backend = await McpBackend.StartAsync(kind, authorization.ProtectAsync);
        await using ServiceProvider services = ServicesFor(backend);
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        await using McpClient client = await services.ConnectAsync();

        Assert.Equal("alice", await client.CallTextAsync("whoami"));
        Assert.Equal(Steps, authorization.Paths);
        Assert.All(authorization.Heads, head => Assert.Empty(head.Identity));
        Assert.All(backend.Exchanges, exchange => Assert.Equal(["X-User-Name", "X-User-Sub"], exchange.IdentityHeaders.Order()));
        Assert.All(backend.Exchanges, exchange => Assert.Equal("alice", exchange.Subject));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Token_for_bobs_call_is_fetched_without_identity_and_the_call_resent_as_bob(McpBackendKind kind)
    {
        await using AuthorizationServer authorization = await AuthorizationServer.StartAsync();
        await using McpBackend backend = await McpBackend.StartAsync(kind, authorization.ProtectAsync);
        await using ServiceProvider services = ServicesFor(backend);
        await using McpClient client = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        authorization.Revoke();
        using IdentityScope scope = AmbientIdentity.Use(Users.Bob);

        Assert.Equal("bob", await client.CallTextAsync("whoami"));
        Assert.Equal(["bob", "bob"], backend.Calls().Select(call => call.Subject));
        Assert.Equal(2, authorization.Paths.Count(path => path == "/token"));
        Assert.All(authorization.Heads, head => Assert.Empty(head.Identity));
    }

    [Fact]
    public async Task Each_users_session_gets_a_token_of_its_own()
    {
        await using AuthorizationServer authorization = await AuthorizationServer.StartAsync();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, authorization.ProtectAsync);
        await using ServiceProvider services = ServicesFor(backend);

        await using McpClient alice = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        await using McpClient bob = await AmbientIdentity.RunAsync(Users.Bob, services.ConnectAsync);
        await alice.CallTextAsync("ping");
        await bob.CallTextAsync("ping");

        McpExchange[] calls = [.. backend.Calls()];
        Assert.Equal(["alice", "bob"], calls.Select(call => call.Subject));
        Assert.NotEqual(calls[0].Headers["Authorization"], calls[1].Headers["Authorization"]);
    }

    private static ServiceProvider ServicesFor(McpBackend backend)
    {
        // Goes to every server, the authorization server too, unless it is dropped.
        ServiceCollection services = McpTesting.ServicesFor(
            backend, builder => builder.ConfigureHttpClient(http => http.DefaultRequestHeaders.Add("X_User_Sub", "mallory")));
        services.Configure<HttpClientTransportOptions>(
            McpTesting.ClientName,
            options =>
            {
                options.OAuth = AuthorizationServer.NewClientOptions();

                // It would compete with the calls for a token.
                options.EnableStandaloneGetStream = false;
            });
        return services.BuildServiceProvider();
    }
}
