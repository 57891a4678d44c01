using System.Net.Sockets;
using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>A name once, and under no other spelling: what could be read in two ways is not read.</summary>
public sealed class RepeatedHeaderTests
{
    [Theory]
    [InlineData("X-User-Sub: alice", "X-User-Sub: bob")]
    [InlineData("X-User-Sub: alice", "X-User-Sub: alice")]
    [InlineData("X-User-Sub: alice", "X-User-Sub:")]
    [InlineData("X-User-Sub:", "X-User-Sub: alice")]
    [InlineData("X-User-Sub: alice", "x-user-sub: alice")]
    [InlineData("X-USER-SUB: bob", "X-User-Sub: alice")]
    [InlineData("X-User-Sub: alice", "X-Other: 1", "X-User-Sub: bob")]
    [InlineData("X-User-Sub: alice", "X-User-Email: a@b.example", "X-User-Email: c@d.example")]
    [InlineData("X-User-Email: a@b.example", "X-User-Sub: alice", "X-User-Email: a@b.example")]
    [InlineData("X-User-Sub: alice", "X-User-Sub: bob", "X-User-Sub: carol")]
    public async Task Name_twice_is_refused(params string[] lines)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

            await host.AssertMalformedAsync(http2, lines);
        }
    }

    [Theory]
    [InlineData("X_User_Sub: alice")]
    [InlineData("x.user.sub: alice")]
    [InlineData("X-User_Sub: alice")]
    [InlineData("X-User-Sub: alice", "X_User_Sub: alice")]
    [InlineData("X_User_Sub: bob", "X-User-Sub: alice")]
    [InlineData("X-User-Sub: alice", "X.User.Email: a@b.example")]
    [InlineData("X-User-Sub: alice", "X_USER_NAME:")]
    [InlineData("X-User-Sub: alice", "x_user-name: Alice")]
    public async Task Alias_is_refused_beside_the_real_name_and_without_it(params string[] lines)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

            await host.AssertMalformedAsync(http2, lines);
        }
    }

    [Theory]
    [InlineData("X-User-Sub\u0001: bob")]
    [InlineData("\u0001X-User-Sub: bob")]
    [InlineData("X-User\u007F-Sub: bob")]
    [InlineData("x_user\u0002_sub: bob")]
    [InlineData("X-User-Sub!: bob")]
    [InlineData("$X-User-Sub: bob")]
    [InlineData("X-User'-Sub: bob")]
    [InlineData("`X_User.Sub`: bob")]
    [InlineData("X-User-Email\u0001: b@b.example")]
    public async Task Name_with_an_odd_byte_is_refused_beside_the_real_name_and_without_it(string line)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost alone = await ReceivingHost.StartTrustingAsync();
            await using ReceivingHost beside = await ReceivingHost.StartTrustingAsync();

            await alone.AssertMalformedAsync(http2, line);
            await beside.AssertMalformedAsync(http2, "X-User-Sub: alice", line);
        }
    }

    [Theory]
    [InlineData(" X-User-Sub: bob")]
    [InlineData("X-User-Sub : bob")]
    [InlineData("X-User-Sub\t: bob")]
    public async Task Name_with_an_outer_space_is_refused_over_http2(string line)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        await host.AssertMalformedAsync(http2: true, "X-User-Sub: alice", line);
    }

    [Theory]
    [MemberData(nameof(Inbound.StrippingNamesTests.NamesPastAscii), MemberType = typeof(Inbound.StrippingNamesTests))]
    public async Task Name_with_other_bytes_than_ASCII_is_never_the_users(string name)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

            RawResponse response = await host.SendAsync(http2, "/open", "X-User-Sub: alice", $"{name}: bob");

            Assert.True(response.Status != 200 || response.User.Values("sub") is ["alice"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Trailer_of_a_request_is_no_identity(bool beside)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();
        string head = beside ? "X-User-Sub: alice\r\n" : string.Empty;
        using var client = new TcpClient();
        await client.ConnectAsync(host.Uri.Host, host.Uri.Port);
        await using NetworkStream stream = client.GetStream();

        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"GET /open HTTP/1.1\r\nHost: backend.test\r\n{head}Trailer: X-User-Sub\r\nTransfer-Encoding: chunked\r\n"
            + "Connection: close\r\n\r\n1\r\nx\r\n0\r\nX-User-Sub: bob\r\n\r\n"));
        using var reader = new StreamReader(stream);
        string response = await reader.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", response, StringComparison.Ordinal);
        Assert.Equal(beside, response.Contains("alice", StringComparison.Ordinal));
        Assert.DoesNotContain("bob", response, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x-user-sub")]
    [InlineData("X-USER-SUB")]
    public async Task Case_of_a_name_makes_no_difference(string name)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/closed", $"{name}: alice");

        Assert.Equal(["alice"], response.User.Values("sub"));
    }

    [Theory]
    [InlineData("X-User-Subject: bob")]
    [InlineData("X--User-Sub: bob")]
    [InlineData("XUserSub: bob")]
    [InlineData("X-User-Sub-: bob")]
    [InlineData("X-User--Sub: bob")]
    [InlineData("XUser-Sub: bob")]
    [InlineData("X~User~Sub: bob")]
    public async Task Name_that_is_no_alias_stays(string line)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse alone = await host.GetAsync("/open", line);
        RawResponse beside = await host.GetAsync("/open", line, "X-User-Sub: alice");

        Assert.False(alone.User.IsAuthenticated);
        Assert.Equal(["alice"], beside.User.Values("sub"));
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Theory]
    [InlineData("roles", "X-Realm-Roles: a", "X-Realm-Roles: b")]
    [InlineData("roles", "X-Realm-Roles: a,b", "X_Realm_Roles: c")]
    public async Task Lists_are_refused_in_two_lines_too(string claim, params string[] lines)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
                options.Headers.Add(new ClaimHeader("X-Realm-Roles", claim) { Format = ClaimValueFormat.CommaSeparated }));

            await host.AssertMalformedAsync(http2, ["X-User-Sub: alice", .. lines]);
        }
    }

    [Fact]
    public async Task Values_that_a_proxy_merged_are_one_value_of_a_single_header()
    {
        // docs/wire-format.md: two values that met on the way cannot be told apart from one; what owns the name has to prevent it.
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice, bob");

        Assert.Equal(["alice, bob"], response.User.Values("sub"));
    }

    [Theory]
    [InlineData("alice,=?base64?Ym9i?=")]
    [InlineData("=?base64?Sm9zw6k=?=,=?base64?Sm9zw6k=?=")]
    public async Task Merged_values_with_a_wrapper_are_one_value_or_refused_and_never_one_of_the_two(string value)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/open", $"X-User-Sub: {value}");

        // The second one looks like a wrapper as a whole, and its inside is no Base64.
        Assert.Equal(value[0] == '=' ? 400 : 200, response.Status);
        Assert.Equal(value[0] == '=' ? ["malformed"] : ["accepted"], host.Outcomes);
        Assert.True(response.Status == 400 || response.User.Values("sub") is [var subject] && subject == value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Refused_request_leaves_the_next_one_untouched(bool http2)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse refused = await host.SendAsync(http2, "/closed", "X-User-Sub: alice", "X-User-Sub: bob");
        RawResponse accepted = await host.SendAsync(http2, "/closed", "X-User-Sub: carol");

        Assert.Equal(400, refused.Status);
        Assert.Equal(["carol"], accepted.User.Values("sub"));
        Assert.Equal(["malformed", "accepted"], host.Outcomes);
    }
}
