using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>What a change of the configuration does while the backend runs.</summary>
public sealed class ReceivedAssertionReloadTests
{
    private const string Other = "https://other.example.com";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly ChangingSettings _settings = new(("TokenType", "user-assertion+jwt"));

    [Fact]
    public async Task Audience_that_changes_counts_from_the_next_request_on()
    {
        await using AssertionHosts hosts = await StartAsync();
        Assert.Equal("OK Unauthorized", await StatusesAsync(hosts));

        _settings.Change(("Audience", Other));

        Assert.Equal("Unauthorized OK", await StatusesAsync(hosts));
    }

    [Theory]
    [InlineData("Issuer", "https://evil.example.com")]
    [InlineData("TokenType", "at+jwt")]
    [InlineData("Algorithms:0", "RS256")]
    [InlineData("MaxLifetime", "00:00:30")]
    [InlineData("MaxTokenLength", "256")]
    [InlineData("RequireBinding", "true")]
    [InlineData("HeaderName", "X-Signed-User")]
    public async Task Stricter_setting_counts_from_the_next_request_on_and_back(string key, string value)
    {
        await using AssertionHosts hosts = await StartAsync();
        HttpStatusCode before = await CallAsync(hosts);

        _settings.Change((key, value));
        HttpStatusCode stricter = await CallAsync(hosts, "/secret");
        _settings.Change((key, key == "TokenType" ? "user-assertion+jwt" : null));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.OK), (before, stricter, await CallAsync(hosts)));
    }

    [Theory]
    [InlineData("Issuer", "")]
    [InlineData("Audience", "")]
    [InlineData("Authority", "")]
    [InlineData("Authority", "http://gateway.example.com")]
    [InlineData("KeySetUri", "https://gateway.example.com/jwks.json")]
    [InlineData("Algorithms:0", "none")]
    [InlineData("Algorithms:0", "HS256")]
    [InlineData("TokenType", "")]
    [InlineData("ClockSkew", "01:00:00")]
    [InlineData("MaxLifetime", "00:00:00")]
    [InlineData("MaxTokenLength", "0")]
    [InlineData("KeyRefreshInterval", "00:00:00")]
    [InlineData("PublicOrigin", "https://notes.example.com/mcp")]
    [InlineData("HeaderName", "Authorization")]
    [InlineData("HeaderName", "X_User_Sub")]
    [InlineData("RequireBinding", "maybe")]
    [InlineData("Keys:0", "abc")]
    [InlineData("Unknown", "1")]
    public async Task Invalid_change_is_logged_and_leaves_the_last_good_settings(string key, string value)
    {
        await using AssertionHosts hosts = await StartAsync();
        HttpStatusCode before = await CallAsync(hosts);

        _settings.Change((key, value));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before, await CallAsync(hosts)));
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Level == LogLevel.Error && record.Id.Name == "SettingsRefused");
    }

    [Theory]
    [InlineData("KeyRefreshInterval", "00:01:00")]
    [InlineData("ClockSkew", "00:00:10")]
    [InlineData("RoleClaimType", "groups")]
    public async Task Change_while_the_issuer_is_away_keeps_the_keys(string key, string value)
    {
        await using AssertionHosts hosts = await StartAsync();
        HttpStatusCode before = await CallAsync(hosts);
        hosts.KeySet = context =>
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        };

        _settings.Change((key, value));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (before, await CallAsync(hosts)));
    }

    [Fact]
    public async Task Refresh_interval_that_changes_bounds_the_next_fetches()
    {
        await using AssertionHosts hosts = await StartAsync();
        await CallAsync(hosts);

        _settings.Change(("KeyRefreshInterval", "00:01:00"));
        _time.Advance(TimeSpan.FromSeconds(30));
        await CallUnknownAsync(hosts);
        await CallUnknownAsync(hosts);
        int fetchesTooSoon = hosts.KeyFetches;
        _time.Advance(TimeSpan.FromSeconds(30));
        await CallUnknownAsync(hosts);
        await CallUnknownAsync(hosts);

        Assert.Equal((1, 2), (fetchesTooSoon, hosts.KeyFetches));
    }

    [Fact]
    public async Task Replay_is_refused_across_a_change()
    {
        await using AssertionHosts hosts = await StartAsync(("RequireBinding", "true"));
        string token = AssertionDraft.ForRequest(hosts).Sign();

        HttpStatusCode first = await SendBoundAsync(hosts, token);
        _settings.Change(("RoleClaimType", "groups"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (first, await SendBoundAsync(hosts, token)));
    }

    [Fact]
    public async Task Change_to_another_issuer_forgets_the_first_ones_keys()
    {
        await using AssertionHosts hosts = await StartAsync();
        await using AssertionHosts others = await AssertionHosts.StartAsync(time: _time);
        HttpStatusCode before = await CallAsync(hosts);

        _settings.Change(("Authority", AssertionHosts.NameOf(others.Issuer)));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (before, await CallAsync(hosts)));
    }

    private Task<AssertionHosts> StartAsync(params (string Key, string? Value)[] settings) => AssertionHosts.StartAsync(
        authenticate: (services, issuer, address) =>
        {
            _settings.Change(settings);
            services.AddAuthentication(IdentityAssertionDefaults.AuthenticationScheme)
                .AddIdentityAssertion(options =>
                {
                    options.Issuer = AssertionHosts.NameOf(issuer);
                    options.Audience = AssertionHosts.NameOf(address);
                    options.Authority = issuer;
                })
                .AddIdentityAssertion(_settings.NewSection());
        },
        time: _time);

    /// <summary>What an assertion for this backend gets, and one for another.</summary>
    private static async Task<string> StatusesAsync(AssertionHosts hosts)
    {
        var draft = new AssertionDraft(hosts);
        draft.Payload["aud"] = Other;
        using HttpResponseMessage other = await hosts.SendTokenAsync(draft.Sign());
        return $"{await CallAsync(hosts)} {other.StatusCode}";
    }

    private static async Task<HttpStatusCode> CallAsync(AssertionHosts hosts, string path = "/mcp")
    {
        using HttpResponseMessage response = await hosts.SendTokenAsync(new AssertionDraft(hosts).Sign(), request =>
        {
            request.RequestUri = new Uri(hosts.Backend, path);
            request.Method = path == "/secret" ? HttpMethod.Get : HttpMethod.Post;
        });
        return response.StatusCode;
    }

    private static async Task CallUnknownAsync(AssertionHosts hosts)
    {
        var draft = new AssertionDraft(hosts);
        draft.Header["kid"] = "unknown";
        using HttpResponseMessage response = await hosts.SendTokenAsync(draft.Sign());
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private static async Task<HttpStatusCode> SendBoundAsync(AssertionHosts hosts, string token)
    {
        using HttpResponseMessage response =
            await hosts.SendTokenAsync(token, request => request.WithHeader("Mcp-Session-Id", "session-1"));
        return response.StatusCode;
    }
}
