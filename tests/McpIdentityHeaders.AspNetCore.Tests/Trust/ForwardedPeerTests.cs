using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>Headers about a peer prove nothing: anyone can send them.</summary>
public sealed class ForwardedPeerTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "X-Forwarded-For: 10.1.2.3")]
    [InlineData("10.0.0.0/8", "X-Forwarded-For: 10.1.2.3, 10.1.2.3")]
    [InlineData("::1/128", "X-Forwarded-For: ::1")]
    public async Task Forwarded_address_makes_no_peer_trusted(string network, string forwarded)
    {
        await using ReceivingHost host = await StartBehindForwardedHeadersAsync(network);

        RawResponse response = await host.GetAsync("/open", forwarded, "X-User-Sub: alice");

        Assert.Equal([forwarded.Split(' ')[^1]], response.Values("X-Remote"));
        Assert.Equal(401, response.Status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Contains("127.0.0.1", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwarded_address_makes_no_peer_untrusted()
    {
        await using ReceivingHost host = await StartBehindForwardedHeadersAsync("127.0.0.0/8");

        RawResponse response = await host.GetAsync("/closed", "X-Forwarded-For: 203.0.113.9", "X-User-Sub: alice");

        Assert.Equal(["203.0.113.9"], response.Values("X-Remote"));
        Assert.Equal(["alice"], response.User.Values("sub"));
    }

    [Theory]
    [InlineData("X-ARR-ClientCert")]
    [InlineData("X-Forwarded-Client-Cert")]
    public async Task Forwarded_certificate_is_none(string header)
    {
        await using ReceivingHost host = await StartBehindCertificateForwardingAsync(header, kestrel: false);

        RawResponse response = await host.GetAsync(
            "/open", $"{header}: {Convert.ToBase64String(TestCertificates.Gateway.RawData)}", "X-User-Sub: alice");

        Assert.Equal(["CN=gateway"], response.Values("X-Certificate"));
        Assert.Equal(401, response.Status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Forwarded_certificate_is_none_over_tls(bool showsAnother)
    {
        await using ReceivingHost host = await StartBehindCertificateForwardingAsync("X-ARR-ClientCert", kestrel: true);
        using HttpClient client = TestCertificates.NewClient(showsAnother ? TestCertificates.Stranger : null);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Uri, "/open"));
        request.Headers.Add("X-User-Sub", "alice");
        request.Headers.Add("X-ARR-ClientCert", Convert.ToBase64String(TestCertificates.Gateway.RawData));

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(["CN=gateway"], response.Headers.GetValues("X-Certificate"));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(host.Reached);
    }

    private static Task<ReceivingHost> StartBehindForwardedHeadersAsync(string trusted) => ReceivingHost.StartAsync(
        schemes => schemes.AddIdentityHeaders(options => options.TrustedPeers.Add(trusted)),
        before: app =>
        {
            var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All };
            options.KnownIPNetworks.Clear();
            options.KnownProxies.Clear();
            app.UseForwardedHeaders(options);
            app.Use((context, next) =>
            {
                // What the middleware has made of it: without, the test would show nothing.
                context.Response.Headers["X-Remote"] = context.Connection.RemoteIpAddress?.ToString();
                return next(context);
            });
        });

    private static Task<ReceivingHost> StartBehindCertificateForwardingAsync(string header, bool kestrel) => ReceivingHost.StartAsync(
        schemes => schemes.AddIdentityHeaders(options => options.IsTrustedCertificate = certificate => certificate.Subject == "CN=gateway"),
        kestrel ? TestCertificates.ListenAndAllowAny : null,
        services => services.AddCertificateForwarding(options =>
        {
            options.CertificateHeader = header;
            options.HeaderConverter = value => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(value));
        }),
        app =>
        {
            app.UseCertificateForwarding();
            app.Use(async (context, next) =>
            {
                context.Response.Headers["X-Certificate"] = (await context.Connection.GetClientCertificateAsync())?.Subject;
                await next(context);
            });
        });
}
