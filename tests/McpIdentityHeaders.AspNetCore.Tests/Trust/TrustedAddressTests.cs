using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>The address of the peer's own socket.</summary>
public sealed class TrustedAddressTests
{
    private static readonly Uri ThroughIpv4 = new("http://127.0.0.1");
    private static readonly Uri ThroughIpv6 = new("http://[::1]");

    [Theory]
    [InlineData("127.0.0.0/8", true)]
    [InlineData("127.0.0.1/32", true)]
    [InlineData("127.0.0.0/31", true)]
    [InlineData("127.0.0.2/31", false)]
    [InlineData("0.0.0.0/1", true)]
    [InlineData("10.0.0.0/8", false)]
    [InlineData("::1/128", false)]
    [InlineData("10.0.0.0/8 127.0.0.1/32", true)]
    [InlineData("10.0.0.0/8 192.168.0.0/16", false)]
    public async Task Ipv4_peer_is_trusted_in_a_network_of_its_own(string networks, bool trusted)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(Trusting(networks, string.Empty));

        await AssertAsync(host, host.Uri, trusted, "127.0.0.1");
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.2", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("10.0.0.1 127.0.0.1", true)]
    public async Task Ipv4_peer_is_trusted_by_its_address(string addresses, bool trusted)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(Trusting(string.Empty, addresses));

        await AssertAsync(host, host.Uri, trusted, "127.0.0.1");
    }

    [Theory]
    [InlineData("10.0.0.0/8", "127.0.0.1", true)]
    [InlineData("127.0.0.0/8", "10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "10.0.0.1", false)]
    public async Task One_network_or_address_is_enough(string networks, string addresses, bool trusted)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(Trusting(networks, addresses));

        await AssertAsync(host, host.Uri, trusted, "127.0.0.1");
    }

    [Ipv6Fact]
    public Task Ipv4_peer_of_a_server_on_both_is_in_an_ipv4_network() =>
        AssertDualModeAsync("127.0.0.0/8", string.Empty, ThroughIpv4, true);

    [Ipv6Fact]
    public Task Ipv4_peer_of_a_server_on_both_is_trusted_by_its_ipv4_address() =>
        AssertDualModeAsync(string.Empty, "127.0.0.1", ThroughIpv4, true);

    [Ipv6Fact]
    public Task Ipv4_peer_of_a_server_on_both_is_in_no_other_ipv4_network() =>
        AssertDualModeAsync("10.0.0.0/8", "127.0.0.2", ThroughIpv4, false);

    [Ipv6Fact]
    public Task Ipv4_peer_of_a_server_on_both_is_not_in_the_network_of_all_ipv6() =>
        AssertDualModeAsync("::/1 8000::/1", string.Empty, ThroughIpv4, false);

    [Ipv6Fact]
    public Task Ipv4_peer_of_a_server_on_both_is_in_a_network_of_mapped_addresses() =>
        AssertDualModeAsync("::ffff:127.0.0.0/104", string.Empty, ThroughIpv4, true);

    [Ipv6Fact]
    public Task Ipv6_peer_is_in_an_ipv6_network() => AssertDualModeAsync("::/64", string.Empty, ThroughIpv6, true);

    [Ipv6Fact]
    public Task Ipv6_peer_is_trusted_by_its_address() => AssertDualModeAsync(string.Empty, "::1", ThroughIpv6, true);

    [Ipv6Fact]
    public Task Ipv6_peer_is_in_no_ipv4_network() => AssertDualModeAsync("0.0.0.0/1 128.0.0.0/1", "127.0.0.1", ThroughIpv6, false);

    [Ipv6Fact]
    public Task Ipv6_peer_is_in_no_other_ipv6_network() => AssertDualModeAsync("fd00::/8", "::2", ThroughIpv6, false);

    [Fact]
    public async Task Peer_is_judged_by_its_socket_over_http2_too()
    {
        await using ReceivingHost trusting = await ReceivingHost.StartAsync(Trusting("127.0.0.0/8", string.Empty));
        await using ReceivingHost other = await ReceivingHost.StartAsync(Trusting("10.0.0.0/8", string.Empty));

        RawResponse accepted = await trusting.SendAsync(http2: true, "/closed", "X-User-Sub: alice");
        RawResponse refused = await other.SendAsync(http2: true, "/open", "X-User-Sub: alice");

        Assert.Equal(["alice"], accepted.User.Values("sub"));
        Assert.Equal(401, refused.Status);
        Assert.Equal(["untrusted_peer"], other.Outcomes);
    }

    private static Action<Microsoft.AspNetCore.Authentication.AuthenticationBuilder> Trusting(string networks, string addresses) =>
        schemes => schemes.AddIdentityHeaders(options =>
        {
            Array.ForEach(Split(networks), options.TrustedPeers.Add);
            Array.ForEach(Split(addresses), options.TrustedPeers.Add);
        });

    private static string[] Split(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static async Task AssertDualModeAsync(string networks, string addresses, Uri through, bool trusted)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            Trusting(networks, addresses),
            kestrel => kestrel.Listen(IPAddress.IPv6Any, 0, listen => listen.Protocols = HttpProtocols.Http1));
        var uri = new UriBuilder(through) { Port = host.Uri.Port };

        await AssertAsync(host, uri.Uri, trusted, through == ThroughIpv4 ? "127.0.0.1" : "::1");
    }

    private static async Task AssertAsync(ReceivingHost host, Uri uri, bool trusted, string peer)
    {
        RawResponse response = await RawHttp.GetAsync(uri, "/open", "X-User-Sub: alice");

        if (trusted)
        {
            Assert.Equal(["alice"], response.User.Values("sub"));
            Assert.Equal(["accepted"], host.Outcomes);
            Assert.Empty(host.Warnings);
        }
        else
        {
            Assert.Equal(401, response.Status);
            Assert.Equal(["untrusted_peer"], host.Outcomes);
            Assert.Contains(peer, Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
            Assert.Empty(host.Reached);
        }
    }
}
