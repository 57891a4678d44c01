using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>Identity headers from a peer that is not trusted end the request, with any value and for every endpoint.</summary>
public sealed class UntrustedPeerTests
{
    [Theory]
    [InlineData("/open", false)]
    [InlineData("/open", true)]
    [InlineData("/closed", false)]
    [InlineData("/admin", false)]
    [InlineData("/no/such/path", false)]
    [InlineData("/no/such/path", true)]
    public async Task Every_path_answers_401_with_a_challenge(string path, bool http2)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustOthers);

        RawResponse response = await host.SendAsync(http2, path, "X-User-Sub: alice");

        Assert.Equal(401, response.Status);
        Assert.DoesNotContain("alice", System.Text.Encoding.UTF8.GetString(response.Body), StringComparison.Ordinal);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Empty(host.Reached);
    }

    [Fact]
    public async Task Answer_names_the_scheme_in_its_challenge()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustOthers);

        RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice");

        Assert.Equal(["IdentityHeaders"], response.Values("WWW-Authenticate"));
    }

    [Theory]
    [InlineData("/open")]
    [InlineData("/closed")]
    [InlineData("/no/such/path")]
    public async Task Request_ends_also_where_another_scheme_is_the_default_and_knows_the_user(string path)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => TrustOthers(
                schemes.AddScheme<AuthenticationSchemeOptions, HeaderSignIn>(HeaderSignIn.SchemeName, configureOptions: null)),
            services: services => services.Configure<AuthenticationOptions>(options => options.DefaultScheme = HeaderSignIn.SchemeName));

        RawResponse refused = await host.GetAsync(path, "X-Test-User: bob", "X-User-Sub: alice");
        RawResponse own = await host.GetAsync("/closed", "X-Test-User: bob");

        Assert.Equal(401, refused.Status);
        Assert.NotEmpty(refused.Values("WWW-Authenticate"));
        Assert.Equal(["bob"], own.User.Values("sub"));
        Assert.Equal(["/closed"], host.Reached);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
    }

    [Theory]
    [InlineData(false, "untrusted_peer")]
    [InlineData(true, "malformed")]
    public async Task Repeated_refusals_are_counted_in_full_and_logged_at_a_bounded_rate(bool trusted, string outcome)
    {
        await using ReceivingHost host = trusted ? await ReceivingHost.StartTrustingAsync() : await ReceivingHost.StartAsync(TrustOthers);

        for (int i = 0; i < 25; i++)
        {
            await host.GetAsync("/open", "X_User_Sub: alice");
        }

        Assert.Equal(Enumerable.Repeat(outcome, 25), host.Outcomes);
        Assert.InRange(host.Warnings.Count, 10, 24);
    }

    [Fact]
    public async Task Warning_names_the_peer_and_no_value_that_it_sent()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustOthers);

        await host.GetAsync("/open", "X-User-Sub: s3cr3t-of-alice");

        var warning = Assert.Single(host.Warnings);
        Assert.Equal("UntrustedPeer", warning.Id.Name);
        Assert.Contains("127.0.0.1", warning.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Message.Contains("s3cr3t", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("X_User_Sub: alice")]
    [InlineData("x.user.sub: alice")]
    [InlineData("X-User-Email: a@b.example")]
    [InlineData("X-User-Sub: =?base64?not base64?=")]
    [InlineData("X-User-Sub:")]
    [InlineData("X-User-Sub: alice\r\nX-User-Sub: bob")]
    public async Task Peer_is_judged_before_the_form(string lines)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustOthers);

        RawResponse response = await host.GetAsync("/open", lines);

        Assert.Equal(401, response.Status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
    }

    [Fact]
    public async Task Request_without_identity_headers_from_an_untrusted_peer_goes_on()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustOthers);

        RawResponse response = await host.GetAsync("/open");

        Assert.False(response.User.IsAuthenticated);
        Assert.Empty(host.Outcomes);
        Assert.Empty(host.Warnings);
    }

    [Fact]
    public async Task Request_with_a_body_is_refused_too_and_the_connection_serves_the_next()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustOthers, map: app => app.MapPost("/post", () => "posted"));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Uri, "/post"))
        {
            Content = new StringContent(new string('x', 50_000)),
        };
        request.Headers.Add("X-User-Sub", "alice");

        using HttpResponseMessage refused = await client.SendAsync(request);
        using HttpResponseMessage next = await client.PostAsync(new Uri(host.Uri, "/post"), new StringContent("x"));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("posted", await next.Content.ReadAsStringAsync());
    }

    private static void TrustOthers(AuthenticationBuilder schemes) =>
        schemes.AddIdentityHeaders(options => options.TrustedPeers.Add("10.0.0.0/8"));
}
