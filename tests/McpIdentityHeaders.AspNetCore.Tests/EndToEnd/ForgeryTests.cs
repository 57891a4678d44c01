using System.Diagnostics.Metrics;
using System.Net;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>Forged headers change no user's identity, at the gateway or past it.</summary>
public sealed class ForgeryTests : IAsyncLifetime
{
    private static readonly (string Name, string Value)[] Forged =
    [
        ("X-User-Sub", "mallory"),
        ("X_User_Sub", "mallory"),
        ("x.user.sub", "mallory"),
        ("X-User_Email", "mallory"),
        ("X-USER-NAME", "mallory"),
        ("X-User-Roles", "admin"),
        ("X_USER_ROLES", "admin"),
        ("X_Gateway_Secret", "mallory"),
        ("Connection", "X-User-Sub"),
    ];

    private Deployment _deployment = null!;

    public async Task InitializeAsync() => _deployment = await Deployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Fact]
    public async Task Forged_headers_of_a_user_never_reach_the_backend()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice, headers: Forged);

        Assert.Equal(OidcUser.Alice.ToString(), await alice.WhoAmIAsync());

        Assert.NotEmpty(_deployment.Backend.Exchanges);
        Assert.All(_deployment.Backend.Exchanges, exchange =>
        {
            Assert.Equal("alice", exchange.Subject);
            Assert.Equal(_deployment.Oidc.Authority.ToString(), exchange.Headers["X-User-Issuer"]);
            Assert.Equal(["X-User-Email", "X-User-Issuer", "X-User-Name", "X-User-Roles", "X-User-Sub"], exchange.IdentityHeaders.Order());
            Assert.DoesNotContain(exchange.Headers.Values, value => value.Contains("mallory") || value.Contains("admin"));
        });
    }

    [Fact]
    public async Task Forged_headers_of_a_user_are_stripped_by_the_gateway()
    {
        using var stripped = new MetricCollector<long>(
            _deployment.Gateway.Services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", "mcp.identity.headers.stripped");

        string token = await _deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        await RawInitialize.SendAsync(_deployment.Gateway.Endpoint, [("Authorization", $"Bearer {token}"), .. Forged]);

        Assert.Equal(Forged.Length, stripped.GetMeasurementSnapshot().Sum(measurement => measurement.Value));
        Assert.All(stripped.GetMeasurementSnapshot(), measurement => Assert.Equal("inbound", measurement.Tags["side"]));
    }

    [Fact]
    public async Task Token_of_a_user_never_reaches_the_backend()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice);

        await alice.WhoAmIAsync();

        Assert.NotEmpty(_deployment.Backend.Exchanges);
        Assert.DoesNotContain(_deployment.Backend.Exchanges, exchange => exchange.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task Forged_role_of_a_user_opens_nothing()
    {
        await using McpClient alice = await _deployment.ConnectAsync(OidcUser.Alice, headers: Forged);

        await RoleTests.AssertRefusedAsync(alice);
    }

    [Theory, InlineData("X-User-Sub"), InlineData("X_User_Sub"), InlineData("x.user.name")]
    public async Task Identity_from_past_the_gateway_is_refused_by_the_backend(string name) => Assert.Equal(
        HttpStatusCode.Unauthorized, await RawInitialize.SendAsync(_deployment.Backend.Endpoint, (name, "alice")));

    [Fact]
    public async Task Secret_without_an_identity_is_anonymous_to_the_backend() => Assert.Equal(
        HttpStatusCode.Unauthorized,
        await RawInitialize.SendAsync(_deployment.Backend.Endpoint, (Deployment.SecretHeader, Deployment.Secret)));

    [Fact]
    public async Task Identity_with_the_secret_is_accepted_by_the_backend() => Assert.Equal(
        HttpStatusCode.OK,
        await RawInitialize.SendAsync(_deployment.Backend.Endpoint, ("X-User-Sub", "alice"), (Deployment.SecretHeader, Deployment.Secret)));
}
