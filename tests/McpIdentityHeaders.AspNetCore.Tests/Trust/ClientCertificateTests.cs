using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>The client certificate of the TLS connection itself.</summary>
public sealed class ClientCertificateTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Certificate_that_the_predicate_accepts_speaks_for_users(bool http2)
    {
        await using ReceivingHost host = await StartAsync(certificate => certificate.Subject == "CN=gateway");

        using HttpResponseMessage response = await SendAsync(host, TestCertificates.Gateway, http2);

        Assert.Equal(["alice"], (await ReceivingServer.UserOfAsync(response)).Values("sub"));
        Assert.Equal(http2 ? 2 : 1, response.Version.Major);
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Certificate_that_the_predicate_refuses_ends_the_request(bool http2)
    {
        await using ReceivingHost host = await StartAsync(certificate => certificate.Subject == "CN=gateway");

        using HttpResponseMessage response = await SendAsync(host, TestCertificates.Stranger, http2);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Contains("127.0.0.1", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
        Assert.Empty(host.Reached);
    }

    [Fact]
    public async Task Connection_without_a_certificate_is_not_put_before_the_predicate()
    {
        int asked = 0;
        await using ReceivingHost host = await StartAsync(_ => Interlocked.Increment(ref asked) > 0);

        using HttpResponseMessage response = await SendAsync(host, certificate: null, http2: false);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Plain_http_has_no_certificate()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options => options.IsTrustedCertificate = _ => true));

        RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice");

        Assert.Equal(401, response.Status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
    }

    [Fact]
    public async Task Predicate_that_throws_trusts_no_peer()
    {
        await using ReceivingHost host = await StartAsync(_ => throw new InvalidOperationException("The predicate's own fault."));

        using HttpResponseMessage response = await SendAsync(host, TestCertificates.Gateway, http2: false);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(host.Reached);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        string warning = Assert.Single(host.Warnings).Message;
        Assert.Contains("IsTrustedCertificate threw a InvalidOperationException", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("own fault", warning, StringComparison.Ordinal);
    }

    private static Task<ReceivingHost> StartAsync(Func<X509Certificate2, bool> trusted) => ReceivingHost.StartAsync(
        schemes => schemes.AddIdentityHeaders(options => options.IsTrustedCertificate = trusted), TestCertificates.ListenAndAllowAny);

    private static async Task<HttpResponseMessage> SendAsync(ReceivingHost host, X509Certificate2? certificate, bool http2)
    {
        using HttpClient client = TestCertificates.NewClient(certificate);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Uri, "/open"))
        {
            Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("X-User-Sub", "alice");
        return await client.SendAsync(request);
    }
}
