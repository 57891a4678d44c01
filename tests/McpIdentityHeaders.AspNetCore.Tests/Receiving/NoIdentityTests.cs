using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>A request without identity headers is like any other.</summary>
public sealed class NoIdentityTests
{
    [Theory]
    [InlineData("/open", 200, false)]
    [InlineData("/open", 200, true)]
    [InlineData("/closed", 401, false)]
    [InlineData("/closed", 401, true)]
    [InlineData("/admin", 401, false)]
    [InlineData("/no/such/path", 404, false)]
    public async Task Endpoint_responds_as_to_an_anonymous_user(string path, int status, bool http2)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.SendAsync(http2, path, "X-Other: 1");

        Assert.Equal(status, response.Status);
        Assert.Equal([path], host.Reached);
        Assert.Empty(host.Outcomes);
        Assert.Empty(host.Warnings);
    }

    [Fact]
    public async Task Endpoint_that_needs_a_user_challenges_by_the_schemes_name()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/closed");

        Assert.Equal(["IdentityHeaders"], response.Values("WWW-Authenticate"));
    }

    [Fact]
    public async Task User_without_the_role_is_forbidden_and_not_challenged()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/admin", "X-User-Sub: alice");

        Assert.Equal(403, response.Status);
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Theory]
    [InlineData("HeaderSignIn")]
    [InlineData("IdentityHeaders")]
    public async Task Other_scheme_has_its_turn_in_a_policy_of_both(string defaultScheme)
    {
        await using ReceivingHost host = await StartWithBothAsync(defaultScheme);

        RawResponse byOther = await host.GetAsync("/closed", "X-Test-User: bob");
        RawResponse byHeaders = await host.GetAsync("/closed", "X-User-Sub: alice");
        RawResponse byNone = await host.GetAsync("/closed");

        Assert.Equal(["bob"], byOther.User.Values("sub"));
        Assert.Equal(["alice"], byHeaders.User.Values("sub"));
        Assert.Equal(401, byNone.Status);
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Theory]
    [InlineData(IdentityHeadersDefaults.AuthenticationScheme, HeaderSignIn.SchemeName)]
    [InlineData(HeaderSignIn.SchemeName, IdentityHeadersDefaults.AuthenticationScheme)]
    public async Task Challenges_of_all_schemes_of_a_policy_are_answered(string first, string second)
    {
        await using ReceivingHost host = await StartWithBothAsync("IdentityHeaders", first, second);

        RawResponse response = await host.GetAsync("/closed");

        Assert.Equal(401, response.Status);
        Assert.Equal(
            [HeaderSignIn.SchemeName, IdentityHeadersDefaults.AuthenticationScheme],
            response.Values("WWW-Authenticate").SelectMany(value => value.Split(", ")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Explicit_authentication_by_the_scheme_has_no_result_and_no_error()
    {
        AuthenticateResult? result = null;
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
            before: app => app.Use(async (context, next) =>
            {
                result = await context.AuthenticateAsync(IdentityHeadersDefaults.AuthenticationScheme);
                await next(context);
            }));

        await host.GetAsync("/open");

        Assert.True(result!.None);
        Assert.Null(result.Failure);
    }

    [Theory]
    [InlineData("X-User-Sub: alice", "X-User-Sub: bob")]
    [InlineData("X_User_Sub: alice")]
    [InlineData("X-User-Email: a@b.example")]
    public async Task Explicit_authentication_in_front_makes_no_user_of_malformed_headers(params string[] lines)
    {
        AuthenticateResult? result = null;
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
            before: app => app.Use(async (context, next) =>
            {
                result = await context.AuthenticateAsync(IdentityHeadersDefaults.AuthenticationScheme);
                await next(context);
            }));

        RawResponse response = await host.GetAsync("/open", lines);

        Assert.False(result!.Succeeded);
        Assert.Null(result.Principal);
        Assert.Equal(400, response.Status);
        Assert.Equal(["malformed"], host.Outcomes);
    }

    [Fact]
    public async Task Request_that_is_looked_at_several_times_counts_once()
    {
        await using ReceivingHost host = await StartWithBothAsync("IdentityHeaders");

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice");

        Assert.Equal(200, response.Status);
        Assert.Equal(["accepted"], host.Outcomes);
    }

    private static Task<ReceivingHost> StartWithBothAsync(
        string defaultScheme, string first = IdentityHeadersDefaults.AuthenticationScheme, string second = HeaderSignIn.SchemeName) =>
        ReceivingHost.StartAsync(
        schemes => schemes
            .AddIdentityHeaders(ReceivingServer.TrustLoopback)
            .AddScheme<AuthenticationSchemeOptions, HeaderSignIn>(HeaderSignIn.SchemeName, configureOptions: null),
        services: services =>
        {
            services.Configure<AuthenticationOptions>(options => options.DefaultScheme = defaultScheme);
            services.AddAuthorization(options => options.DefaultPolicy =
                new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder(first, second)
                    .RequireAuthenticatedUser().Build());
        });
}
