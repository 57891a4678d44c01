using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>Every kind of trust that is set has to hold, and what is not set does not count.</summary>
public sealed class TrustCombinationTests
{
    private const string Secret = "0123456789abcdef";

    public static TheoryData<bool?, bool?, bool?> All()
    {
        var data = new TheoryData<bool?, bool?, bool?>();
        bool?[] states = [null, true, false];
        foreach (bool? address in states)
        {
            foreach (bool? certificate in states)
            {
                foreach (bool? secret in states)
                {
                    if ((address ?? certificate ?? secret) is not null)
                    {
                        data.Add(address, certificate, secret);
                    }
                }
            }
        }

        return data;
    }

    /// <param name="address">Null: not set; else whether it holds.</param>
    /// <param name="certificate">The same.</param>
    /// <param name="secret">The same.</param>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Peer_has_to_pass_each_kind_that_is_set(bool? address, bool? certificate, bool? secret)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options => Configure(options, address, certificate, secret)),
            TestCertificates.ListenAndAllowAny);
        X509Certificate2 shown = certificate == false ? TestCertificates.Stranger : TestCertificates.Gateway;
        using HttpClient client = TestCertificates.NewClient(shown);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Uri, "/open"));
        request.Headers.Add("X-User-Sub", "alice");
        request.Headers.Add("X-Gateway-Secret", secret == false ? "fedcba9876543210" : Secret);

        using HttpResponseMessage response = await client.SendAsync(request);

        bool trusted = address != false && certificate != false && secret != false;
        Assert.Equal(trusted ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal([trusted ? "accepted" : "untrusted_peer"], host.Outcomes);
        Assert.Equal(trusted ? ["/open"] : [], host.Reached);
    }

    private static void Configure(IdentityHeadersOptions options, bool? address, bool? certificate, bool? secret)
    {
        if (address is not null)
        {
            options.TrustedPeers.Add(address.Value ? "127.0.0.1" : "127.0.0.2");
        }

        if (certificate is not null)
        {
            options.IsTrustedCertificate = shown => shown.Subject == "CN=gateway";
        }

        if (secret is not null)
        {
            options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", Secret));
        }
    }
}
