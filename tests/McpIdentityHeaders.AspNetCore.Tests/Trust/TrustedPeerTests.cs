using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>What an entry of TrustedPeers says, and that no way of configuration drops it.</summary>
public sealed class TrustedPeerTests
{
    private const string Secret = "0123456789abcdef";

    private static readonly string[] Ways = ["code", "section", "bind", "configure", "bind configure"];

    public static TheoryData<string> AllWays => [.. Ways];

    public static TheoryData<string, string, string> Broken()
    {
        var data = new TheoryData<string, string, string>();
        foreach (string way in Ways[1..^1])
        {
            data.Add(way, "TrustedPeers:0", "10.0.0.4/8");
            data.Add(way, "TrustedPeers:0", "everyone");
            data.Add(way, "TrustedPeers:0", "");
            data.Add(way, "TrustedPeers", "everyone");
            data.Add(way, "SharedSecrets", Secret);
            data.Add(way, "SharedSecrets:0", Secret);
            data.Add(way, "SharedSecrets:0:Value", Secret);
            data.Add(way, "SharedSecrets:0:HeaderName", "X-Gateway-Secret");
            data.Add(way, "SharedSecrets:0:Header", "X-Gateway-Secret");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(AllWays))]
    public async Task Trust_holds_whatever_way_it_is_configured(string way)
    {
        (string, string?)[] secret = [("SharedSecrets:0:HeaderName", "X-Gateway-Secret"), ("SharedSecrets:0:Value", Secret)];
        await using ReceivingHost here = await StartAsync(way, [("TrustedPeers:0", "loopback"), .. secret]);
        await using ReceivingHost elsewhere = await StartAsync(way, [("TrustedPeers:0", "10.0.0.0/8"), .. secret]);

        Assert.Equal(200, (await here.GetAsync("/closed", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}")).Status);
        Assert.Equal(401, (await here.GetAsync("/closed", "X-User-Sub: alice")).Status);
        Assert.Equal(401, (await elsewhere.GetAsync("/closed", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}")).Status);
    }

    [Theory]
    [InlineData("bind")]
    [InlineData("configure")]
    public async Task Single_value_in_a_lists_place_holds(string way)
    {
        await using ReceivingHost host = await StartAsync(
            way, [("TrustedPeers", "10.0.0.0/8"), ("SharedSecrets:0:HeaderName", "X-Gateway-Secret"), ("SharedSecrets:0:Value", Secret)]);

        Assert.Equal(401, (await host.GetAsync("/open", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}")).Status);
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Broken_trust_is_refused_beside_trust_that_is_right(string way, string key, string value)
    {
        (string, string?)[] others = key.StartsWith("TrustedPeers", StringComparison.Ordinal)
            ? [("SharedSecrets:5:HeaderName", "X-Gateway-Secret"), ("SharedSecrets:5:Value", Secret)]
            : [("TrustedPeers:5", "loopback")];

        Exception? refused = await Record.ExceptionAsync(() => StartAsync(way, [.. others, (key, value)]));

        Assert.NotNull(refused);
        Assert.DoesNotContain(Secret, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.4/8", "Write '10.0.0.4' for the one address, or '10.0.0.0/8' for the whole network")]
    [InlineData("fd00::1/8", "Write 'fd00::1' for the one address, or 'fd00::/8' for the whole network")]
    [InlineData("127.0.0.1/31", "or '127.0.0.0/31' for the whole network")]
    [InlineData("10.20.0.0", "Write '10.20.0.0/16', with the network's own length, or '10.20.0.0/32' for the one address")]
    [InlineData("fd00::", "or 'fd00::/128' for the one address")]
    [InlineData("10.0.0.4/", "has no prefix of 1 to 32 bits. Write '10.0.0.4' for the one address")]
    [InlineData("10.0.0.0/33", "has no prefix of 1 to 32 bits")]
    [InlineData("10.0.0.0/-1", "has no prefix of 1 to 32 bits")]
    [InlineData("10.0.0.0/255.0.0.0", "has no prefix of 1 to 32 bits")]
    [InlineData("10.0.0.0/99999999999", "has no prefix of 1 to 32 bits")]
    [InlineData("0.0.0.0/0", "is the network of all addresses")]
    [InlineData("::/0", "is the network of all addresses")]
    [InlineData("::ffff:0:0/96", "is the network of all addresses")]
    [InlineData("gateway.internal", "is none of an address")]
    [InlineData("*", "is none of an address")]
    [InlineData("", "is none of an address")]
    [InlineData(" loopback", "is none of an address")]
    [InlineData("10.0.0.4,10.0.0.5", "Write each as an entry of its own: 'TrustedPeers:0', 'TrustedPeers:1'")]
    [InlineData("loopback unix", "Write each as an entry of its own")]
    [InlineData("10.1", "is none of an address")]
    [InlineData("[::1]:80", "is none of an address")]
    [InlineData("010.0.0.1", "is none of an address")]
    [InlineData("10.0.0.0/8/8", "is none of an address")]
    public async Task Entry_that_is_wrong_is_refused_and_says_what_to_write(string entry, string expected)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(options => options.TrustedPeers.Add(entry))));

        Assert.Contains($"TrustedPeers has '{entry}', which ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Ipv6Fact]
    public async Task Loopback_is_this_machine_by_every_family()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options => options.TrustedPeers.Add("Loopback")),
            kestrel => kestrel.Listen(IPAddress.IPv6Any, 0, listen => listen.Protocols = HttpProtocols.Http1));

        foreach (string address in new[] { "127.0.0.1", "[::1]" })
        {
            RawResponse response = await RawHttp.GetAsync(new Uri($"http://{address}:{host.Uri.Port}"), "/closed", "X-User-Sub: alice");
            Assert.Equal(["alice"], response.User.Values("sub"));
        }
    }

    [Theory]
    [InlineData("unix", 200)]
    [InlineData("UNIX", 200)]
    [InlineData("loopback", 401)]
    public async Task Peer_on_a_unix_socket_is_trusted_as_unix_alone(string entry, int status)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options => options.TrustedPeers.Add(entry)), kestrel => kestrel.ListenUnixSocket(path));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await using var stream = new NetworkStream(socket);

        RawResponse response = await RawHttp.GetAsync(stream, "/closed", "X-User-Sub: alice");

        Assert.Equal(status, response.Status);
    }

    [Fact]
    public async Task Peer_with_an_address_is_not_trusted_as_unix()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options => options.TrustedPeers.Add("unix")));

        RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice");

        Assert.Equal(401, response.Status);
        Assert.Contains("none of TrustedPeers", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
    }

    private static Task<ReceivingHost> StartAsync(string way, (string Key, string? Value)[] settings)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().Add(new ChangingSettings(settings)).Build();
        return ReceivingHost.StartAsync(
            schemes => Configure(schemes, way, configuration),
            services: services => services.AddSingleton<IConfiguration>(configuration));
    }

    private static void Configure(AuthenticationBuilder schemes, string way, IConfigurationRoot configuration)
    {
        OptionsBuilder<IdentityHeadersOptions> options = schemes.Services.AddOptions<IdentityHeadersOptions>(
            IdentityHeadersDefaults.AuthenticationScheme);
        foreach (string call in way.Split(' '))
        {
            _ = call switch
            {
                "code" => schemes.AddIdentityHeaders(made =>
                {
                    made.TrustedPeers.Add(configuration["Edge:TrustedPeers:0"]!);
                    made.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", Secret));
                }),
                "section" => schemes.AddIdentityHeaders(configuration.GetSection("Edge")),
                "bind" => With(schemes.AddIdentityHeaders(), () => options.BindConfiguration("Edge")),
                "configure" => With(
                    schemes.AddIdentityHeaders(),
                    () => schemes.Services.Configure<IdentityHeadersOptions>(options.Name, configuration.GetSection("Edge"))),
                _ => throw new ArgumentOutOfRangeException(nameof(way)),
            };
        }
    }

    private static AuthenticationBuilder With(AuthenticationBuilder schemes, Action configure)
    {
        configure();
        return schemes;
    }
}
