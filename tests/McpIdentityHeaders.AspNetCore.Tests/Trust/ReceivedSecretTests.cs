using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>The secret that a peer is known by.</summary>
public sealed class ReceivedSecretTests
{
    private const string Old = "old-secret-0123456789";
    private const string New = "new-secret-0123456789";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Peer_with_the_secret_speaks_for_users(bool http2)
    {
        await using ReceivingHost host = await StartAsync(("X-Gateway-Secret", Old));

        RawResponse response = await host.SendAsync(http2, "/closed", "X-User-Sub: alice", $"X-Gateway-Secret: {Old}");

        Assert.Equal(["alice"], response.User.Values("sub"));
        Assert.Equal(["sub"], response.User.Claims.Select(claim => claim.Type));
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Theory]
    [InlineData("X-Other: 1")]
    [InlineData("X-Gateway-Secret:")]
    [InlineData("X-Gateway-Secret: " + New)]
    [InlineData("X-Gateway-Secret: " + Old + "0")]
    [InlineData("X-Gateway-Secret: old-secret-012345678")]
    [InlineData("X-Gateway-Secret: OLD-SECRET-0123456789")]
    [InlineData("X-Gateway-Secret: \"" + Old + "\"")]
    [InlineData("X-Gateway-Secret: " + Old + "," + Old)]
    [InlineData("X-Gateway-Secret: " + Old + "\r\nX-Gateway-Secret: " + Old)]
    [InlineData("X-Gateway-Secret: " + Old + "\r\nX-Gateway-Secret: " + New)]
    [InlineData("X-Gateway-Secret: " + New + "\r\nX-Gateway-Secret: " + Old)]
    [InlineData("X-Gateway-Secret: " + Old + "\r\nX-User-Email: a@b.example\r\nx-gateway-secret: " + Old)]
    [InlineData("X_Gateway_Secret: " + Old)]
    [InlineData("X.Gateway.Secret: " + Old)]
    [InlineData("X-Gateway_Secret: " + Old)]
    [InlineData("X-Gateway-Secret: =?base64?b2xkLXNlY3JldC0wMTIzNDU2Nzg5?=")]
    [InlineData("X-Gateway-Secret: old%2Dsecret-0123456789")]
    [InlineData("X-Gateway-Secret: \u00EF\u00BB\u00BF" + Old)]
    public async Task Peer_without_exactly_the_secret_is_not_trusted(string lines)
    {
        await using ReceivingHost host = await StartAsync(("X-Gateway-Secret", Old));

        RawResponse response = await host.GetAsync("/open", ["X-User-Sub: alice", .. lines.Split("\r\n")]);

        Assert.Equal(401, response.Status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Empty(host.Reached);
    }

    [Theory]
    [InlineData("X-Other: 1")]
    [InlineData("x-gateway-secret: " + New)]
    [InlineData("x-gateway-secret: " + Old + " ")]
    [InlineData("x-gateway-secret:  " + Old)]
    [InlineData("x-gateway-secret: " + Old + "\r\nx-gateway-secret: " + Old)]
    [InlineData("x_gateway_secret: " + Old)]
    public async Task Peer_without_exactly_the_secret_is_not_trusted_over_http2(string lines)
    {
        await using ReceivingHost host = await StartAsync(("X-Gateway-Secret", Old));

        RawResponse response = await host.SendAsync(http2: true, "/open", ["X-User-Sub: alice", .. lines.Split("\r\n")]);

        Assert.Equal(401, response.Status);
        Assert.Equal(["untrusted_peer"], host.Outcomes);
        Assert.Empty(host.Reached);
    }

    [Theory]
    [InlineData("x-gateway-secret: " + Old)]
    [InlineData("X-GATEWAY-SECRET: " + Old)]
    [InlineData("X-Gateway-Secret: \t" + Old + " \t")]
    public async Task Name_is_compared_without_case_and_spaces_around_a_value_are_none_of_it_in_http1(string line)
    {
        await using ReceivingHost host = await StartAsync(("X-Gateway-Secret", Old));

        RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice", line);

        Assert.Equal(["alice"], response.User.Values("sub"));
    }

    [Theory]
    [InlineData("X-Gateway-Secret", Old, true)]
    [InlineData("X-Gateway-Secret", New, true)]
    [InlineData("X-Gateway-Secret", "another-0123456789", false)]
    public async Task Either_of_two_secrets_of_one_name_is_enough(string name, string value, bool trusted)
    {
        await using ReceivingHost host = await StartAsync(("X-Gateway-Secret", Old), ("X-Gateway-Secret", New));

        await AssertAsync(host, $"{name}: {value}", trusted);
    }

    [Theory]
    [InlineData("X-Old-Secret", Old, true)]
    [InlineData("X-New-Secret", New, true)]
    [InlineData("X-Old-Secret", New, false)]
    [InlineData("X-New-Secret", Old, false)]
    public async Task Either_of_two_secrets_of_two_names_is_enough_under_its_own_name(string name, string value, bool trusted)
    {
        await using ReceivingHost host = await StartAsync(("X-Old-Secret", Old), ("X-New-Secret", New));

        await AssertAsync(host, $"{name}: {value}", trusted);
    }

    [Fact]
    public async Task Right_secret_beside_an_outdated_one_of_another_name_is_enough()
    {
        await using ReceivingHost host = await StartAsync(("X-Old-Secret", Old), ("X-New-Secret", New));

        RawResponse response = await host.GetAsync(
            "/open", "X-User-Sub: alice", "X-Old-Secret: outdated-0123456789", $"X-New-Secret: {New}");

        Assert.Equal(["alice"], response.User.Values("sub"));
    }

    [Theory]
    [InlineData(Old)]
    [InlineData("wrong-secret-0123456789")]
    public async Task Secret_alone_is_no_identity(string value)
    {
        await using ReceivingHost host = await StartAsync(("X-Gateway-Secret", Old));

        RawResponse open = await host.GetAsync("/open", $"X-Gateway-Secret: {value}");
        RawResponse closed = await host.GetAsync("/closed", $"X-Gateway-Secret: {value}");

        Assert.False(open.User.IsAuthenticated);
        Assert.Equal(401, closed.Status);
        Assert.Empty(host.Outcomes);
    }

    private static Task<ReceivingHost> StartAsync(params (string Name, string Value)[] secrets) => ReceivingHost.StartAsync(
        schemes => schemes.AddIdentityHeaders(options => Array.ForEach(
            secrets, secret => options.SharedSecrets.Add(new SharedSecret(secret.Name, secret.Value)))));

    private static async Task AssertAsync(ReceivingHost host, string line, bool trusted)
    {
        RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice", line);

        Assert.Equal(trusted ? 200 : 401, response.Status);
        Assert.Equal([trusted ? "accepted" : "untrusted_peer"], host.Outcomes);
    }
}
