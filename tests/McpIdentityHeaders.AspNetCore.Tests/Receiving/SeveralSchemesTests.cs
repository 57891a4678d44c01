using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>One scheme added twice, and two side by side.</summary>
public sealed class SeveralSchemesTests
{
    [Fact]
    public async Task Added_twice_is_one_scheme_with_the_settings_of_both()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders()
            .AddIdentityHeaders(ReceivingServer.TrustLoopback)
            .AddIdentityHeaders(options => options.Headers.Add("X-User-Tenant", "tid"))
            .AddIdentityHeaders(IdentityHeadersDefaults.AuthenticationScheme, options => options.NameClaimType = "tid"));

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice", "X-User-Tenant: t");

        Assert.Equal("t", response.User.Name);
        Assert.Equal(["sub", "tid"], response.User.Claims.Select(claim => claim.Type).Order(StringComparer.Ordinal));
        Assert.Equal(["accepted"], host.Outcomes);
        Assert.Single(await host.Services.GetRequiredService<IAuthenticationSchemeProvider>().GetAllSchemesAsync());
    }

    [Fact]
    public async Task Two_schemes_read_their_own_headers_under_their_own_names()
    {
        await using ReceivingHost host = await StartTwoAsync(trustSecond: true);

        RawResponse first = await host.GetAsync("/both", "X-User-Sub: alice");
        RawResponse second = await host.GetAsync("/both", "X-Partner-User: pat");
        RawResponse none = await host.GetAsync("/both");

        Assert.Equal([new ReceivedClaim("sub", "alice", "IdentityHeaders")], first.User.Claims);
        Assert.Equal([new ReceivedClaim("sub", "pat", "Partner")], second.User.Claims);
        Assert.Equal("Partner", second.User.Scheme);
        Assert.Equal(401, none.Status);
        Assert.Equal(["accepted", "accepted"], host.Outcomes);
    }

    [Theory]
    [InlineData("X-User-Sub: alice", 200)]
    [InlineData("X-Partner-User: pat", 401)]
    [InlineData("X_Partner_User: pat", 401)]
    [InlineData("X-User-Sub: alice\r\nX-Partner-User: pat", 401)]
    [InlineData("X-Partner-User: pat\r\nX-User-Sub: alice", 401)]
    public async Task Each_scheme_has_its_own_trust(string lines, int status)
    {
        await using ReceivingHost host = await StartTwoAsync(trustSecond: false);

        RawResponse response = await host.GetAsync("/open", lines.Split("\r\n"));

        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? ["/open"] : [], host.Reached);
    }

    [Theory]
    [InlineData("X-User-Sub: alice\r\nX-Partner-User: pat\r\nX-Partner-User: pat")]
    [InlineData("X-User-Sub: alice\r\nX.Partner.User: pat")]
    [InlineData("X-Partner-User: pat\r\nX-User-Email: a@b.example")]
    public async Task What_is_malformed_to_one_scheme_ends_the_request_of_the_other(string lines)
    {
        await using ReceivingHost host = await StartTwoAsync(trustSecond: true);

        RawResponse response = await host.GetAsync("/open", lines.Split("\r\n"));

        Assert.Equal(400, response.Status);
        Assert.Empty(host.Reached);
    }

    [Fact]
    public async Task Scheme_of_another_name_refuses_with_the_same_challenge()
    {
        await using ReceivingHost host = await StartTwoAsync(trustSecond: false);

        RawResponse response = await host.GetAsync("/open", "X-Partner-User: pat");

        Assert.Equal(["IdentityHeaders"], response.Values("WWW-Authenticate"));
        Assert.Contains("127.0.0.1", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-User-Sub")]
    [InlineData("x_user.sub")]
    public async Task Header_that_another_scheme_reads_is_warned_about(string headerName)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders(ReceivingServer.TrustLoopback)
            .AddIdentityHeaders("Partner", options =>
            {
                ReceivingServer.TrustLoopback(options);
                UseHeader(options, headerName);
            }));

        Assert.Equal(
            [
                $"Authentication scheme 'IdentityHeaders': it reads the header '{headerName}', and so does the scheme 'Partner'",
                "Authentication scheme 'Partner': it reads the header 'X-User-Sub', and so does the scheme 'IdentityHeaders'",
            ],
            WarningsOf(host).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Header_of_two_schemes_that_trust_the_same_peers_is_read_by_both()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes
                .AddIdentityHeaders(ReceivingServer.TrustLoopback)
                .AddIdentityHeaders("Partner", ReceivingServer.TrustLoopback),
            map: MapBoth);

        RawResponse response = await host.GetAsync("/both", "X-User-Sub: alice");

        Assert.Equal(["IdentityHeaders", "Partner"], response.User.Claims.Select(claim => claim.Issuer).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Secret_under_the_name_of_another_schemes_header_is_warned_about()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders(ReceivingServer.TrustLoopback)
            .AddIdentityHeaders("Partner", options =>
            {
                UseHeader(options, "X-Partner-User");
                options.SharedSecrets.Add(new SharedSecret("X-User-Email", "0123456789abcdef"));
            }));

        Assert.Contains(
            "Authentication scheme 'IdentityHeaders': it reads the header 'X-User-Email', and so does the scheme 'Partner'",
            WarningsOf(host));
    }

    [Fact]
    public async Task Change_to_a_header_of_another_scheme_is_warned_about_once()
    {
        var settings = new ChangingSettings(
            ("TrustedPeers:0", "loopback"), ("Headers:0:HeaderName", "X-Partner-User"), ("Headers:0:ClaimTypes:0", "sub"));
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders(ReceivingServer.TrustLoopback)
            .AddIdentityHeaders("Partner", options => options.Headers.Clear())
            .AddIdentityHeaders("Partner", settings.NewSection()));
        string[] before = [.. WarningsOf(host)];

        settings.Change(("Headers:0:HeaderName", "X-User-Sub"));
        settings.Change(("TrustedPeers:0", "127.0.0.1"));

        Assert.Empty(before);
        Assert.Single(WarningsOf(host));
    }

    [Fact]
    public async Task Setting_that_is_misspelt_is_reported_for_its_own_scheme_alone()
    {
        var settings = new ChangingSettings(("TrustedPeer:0", "loopback"));

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders(ReceivingServer.TrustLoopback)
            .AddIdentityHeaders("Partner", settings.NewSection())));

        Assert.Equal("Partner", refused.OptionsName);
        Assert.Contains("TrustedPeer' is not known", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_change_of_one_scheme_keeps_no_change_of_the_other_back()
    {
        var settings = new ChangingSettings(("TrustedPeers:0", "10.0.0.0/8"));
        var others = new ChangingSettings(
            ("TrustedPeers:0", "loopback"), ("Headers:0:HeaderName", "X-Partner-User"), ("Headers:0:ClaimTypes:0", "sub"));
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders(settings.NewSection())
            .AddIdentityHeaders("Partner", options => options.Headers.Clear())
            .AddIdentityHeaders("Partner", others.NewSection()));

        others.Change(("Misspelt", "1"));
        settings.Change(("TrustedPeers:0", "loopback"));

        Assert.Equal(200, (await host.GetAsync("/open", "X-User-Sub: alice")).Status);
        Assert.Equal(200, (await host.GetAsync("/open", "X-Partner-User: pat")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void Scheme_without_a_name_is_refused(string scheme) => Assert.ThrowsAny<ArgumentException>(() =>
        new ServiceCollection().AddAuthentication().AddIdentityHeaders(scheme, _ => { }));

    [Fact]
    public void Arguments_that_are_null_are_refused()
    {
        AuthenticationBuilder builder = new ServiceCollection().AddAuthentication();

        Assert.Throws<ArgumentNullException>(() => builder.AddIdentityHeaders((Action<IdentityHeadersOptions>)null!));
        Assert.Throws<ArgumentNullException>(
            () => builder.AddIdentityHeaders((Microsoft.Extensions.Configuration.IConfigurationSection)null!));
        Assert.Throws<ArgumentNullException>(() => builder.AddIdentityHeaders(null!, _ => { }));
        Assert.Throws<ArgumentNullException>(() => ((AuthenticationBuilder)null!).AddIdentityHeaders());
    }

    private static Task<ReceivingHost> StartTwoAsync(bool trustSecond) => ReceivingHost.StartAsync(
        schemes => schemes
            .AddIdentityHeaders(ReceivingServer.TrustLoopback)
            .AddIdentityHeaders("Partner", options =>
            {
                options.TrustedPeers.Add(trustSecond ? "loopback" : "10.0.0.0/8");
                UseHeader(options, "X-Partner-User");
            }),
        map: MapBoth);

    private static void MapBoth(WebApplication app) => app.MapGet("/both", ReceivingHost.AnswerUserAsync).RequireAuthorization(
        policy => policy.AddAuthenticationSchemes("IdentityHeaders", "Partner").RequireAuthenticatedUser());

    private static void UseHeader(IdentityHeadersOptions options, string headerName)
    {
        options.Headers.Clear();
        options.Headers.Add(headerName, "sub");
        options.NameClaimType = "sub";
    }

    private static IEnumerable<string> WarningsOf(ReceivingHost host) => host.Warnings
        .Select(record => record.Message.Split(". ")[0])
        .Where(message => message.Contains("so does the scheme", StringComparison.Ordinal));
}
