using System.Net.Sockets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>Where there is no socket with an address, trust by address trusts no peer, and a secret still does.</summary>
public sealed class NoAddressTests
{
    private const string Secret = "0123456789abcdef";

    [Fact]
    public async Task Peer_at_a_unix_domain_socket_is_not_trusted_by_address()
    {
        using var socket = new UnixSocketPath();
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            TrustEveryAddress, kestrel => kestrel.ListenUnixSocket(socket.Path));

        RawResponse response = await socket.GetAsync("/open", "X-User-Sub: alice");

        Assert.Equal(401, response.Status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Contains("from a peer on a Unix socket", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
        Assert.Empty(host.Reached);
    }

    [Fact]
    public async Task Peer_at_a_unix_domain_socket_is_trusted_by_its_secret()
    {
        using var socket = new UnixSocketPath();
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustSecret, kestrel => kestrel.ListenUnixSocket(socket.Path));

        RawResponse response = await socket.GetAsync("/closed", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}");

        Assert.Equal(["alice"], response.User.Values("sub"));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("10.0.0.1")]
    public async Task Peer_of_a_server_without_sockets_is_not_trusted_by_address(string remoteAddress)
    {
        using var server = new MemoryServer();
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustEveryAddress, server: server);

        int status = await server.GetAsync("/open", remoteAddress, ("X-User-Sub", "alice"));

        Assert.Equal(401, status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Contains("address", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
        Assert.Empty(host.Reached);
    }

    [Fact]
    public async Task Peer_of_a_server_without_sockets_is_trusted_by_its_secret()
    {
        using var server = new MemoryServer();
        await using ReceivingHost host = await ReceivingHost.StartAsync(TrustSecret, server: server);

        int status = await server.GetAsync("/closed", "10.0.0.1", ("X-User-Sub", "alice"), ("X-Gateway-Secret", Secret));

        Assert.Equal(200, status);
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Fact]
    public async Task Peer_of_a_server_without_tls_is_not_trusted_by_certificate()
    {
        using var server = new MemoryServer();
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options => options.IsTrustedCertificate = _ => true), server: server);

        int status = await server.GetAsync("/open", "127.0.0.1", ("X-User-Sub", "alice"));

        Assert.Equal(401, status);
        Assert.Empty(host.Reached);
    }

    private static void TrustEveryAddress(AuthenticationBuilder schemes) => schemes.AddIdentityHeaders(options =>
    {
        Array.ForEach(["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "loopback"], options.TrustedPeers.Add);
    });

    private static void TrustSecret(AuthenticationBuilder schemes) =>
        schemes.AddIdentityHeaders(options => options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", Secret)));

    private sealed class UnixSocketPath : IDisposable
    {
        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

        public async Task<RawResponse> GetAsync(string path, params string[] lines)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path));
            await using var stream = new NetworkStream(socket);
            return await RawHttp.GetAsync(stream, path, lines);
        }

        public void Dispose() => File.Delete(Path);
    }
}
