using System.Net;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>A backend's user is whom the assertion names.</summary>
public sealed class ReceivedAssertionTests
{
    private static ClaimsPrincipal Alice => Users.With(("sub", "alice"), ("email", "alice@example.com"), ("name", "Älice"));

    [Theory]
    [InlineData("authority")]
    [InlineData("key set")]
    public async Task Assertion_becomes_the_user(string source)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(receive: options =>
        {
            if (source == "key set")
            {
                options.KeySetUri = new Uri(options.Authority!, "/.well-known/jwks.json");
                options.Authority = null;
            }
        });

        using HttpResponseMessage response = await hosts.SendAsync(Alice);

        Assert.Equal("alice|Älice|{}", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Request_without_an_assertion_is_anonymous()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        using var http = new HttpClient { BaseAddress = hosts.Backend };

        using HttpResponseMessage secret = await http.GetAsync("/secret");

        Assert.Equal("||", await http.GetStringAsync("/mcp"));
        Assert.Equal(HttpStatusCode.Unauthorized, secret.StatusCode);
    }

    [Fact]
    public async Task Plain_bearer_authentication_verifies_by_authority_alone()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            options => options.UseAuthorizationHeader = true, authenticate: (services, issuer, address) => services
                .AddAuthentication(JwtBearerDefaults.AuthenticationScheme)
                .AddJwtBearer(options =>
                {
                    options.Authority = AssertionHosts.NameOf(issuer);
                    options.Audience = AssertionHosts.NameOf(address);
                    options.RequireHttpsMetadata = false;
                    options.MapInboundClaims = false;
                    options.TokenValidationParameters.NameClaimType = "name";
                }));

        using HttpResponseMessage response = await hosts.SendAsync(Alice);

        Assert.Equal("alice|Älice|{}", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Plain_bearer_authentication_refuses_another_audience()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            options =>
            {
                options.UseAuthorizationHeader = true;
                options.Audience = "https://other.example.com";
            },
            authenticate: (services, issuer, address) => services
                .AddAuthentication(JwtBearerDefaults.AuthenticationScheme)
                .AddJwtBearer(options =>
                {
                    options.Authority = AssertionHosts.NameOf(issuer);
                    options.Audience = AssertionHosts.NameOf(address);
                    options.RequireHttpsMetadata = false;
                }));

        using HttpResponseMessage response = await hosts.SendAsync(
            Alice, new HttpRequestMessage(HttpMethod.Get, new Uri(hosts.Backend, "/secret")));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Bound_assertion_is_accepted_with_its_content_once()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            options => options.BindRequest = true, options => options.RequireBinding = true);
        string content = new('x', 100_000);

        using HttpResponseMessage first = await hosts.SendAsync(Alice, Post(hosts, content));
        using HttpResponseMessage second = await hosts.SendAsync(Alice, Post(hosts, content));

        Assert.Equal($"alice|Älice|{content}", await first.Content.ReadAsStringAsync());
        Assert.Equal($"alice|Älice|{content}", await second.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Refusal_says_nothing_and_logs_its_reason()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(options => options.Audience = "https://other.example.com");

        using HttpResponseMessage response = await hosts.SendAsync(Alice);

        Assert.Equal((HttpStatusCode.Unauthorized, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Level == LogLevel.Warning
            && record.Message.Contains("SecurityTokenInvalidAudienceException", StringComparison.Ordinal));
        Assert.DoesNotContain(hosts.Logs.GetSnapshot(), record => record.Message.Contains("alice", StringComparison.OrdinalIgnoreCase));
    }

    private static HttpRequestMessage Post(AssertionHosts hosts, string content) =>
        new(HttpMethod.Post, new Uri(hosts.Backend, "/mcp?x=1")) { Content = new StringContent(content) };
}
