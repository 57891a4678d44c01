using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>At a limit, and one byte over it. What is counted are the bytes on the wire.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Value_as_long_as_the_default_limit_is_read_and_one_byte_more_is_refused(bool http2)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();
        string longest = new('a', 4096);

        RawResponse response = await host.SendAsync(http2, "/open", $"X-User-Sub: {longest}");

        Assert.Equal([longest], response.User.Values("sub"));
        await using ReceivingHost second = await ReceivingHost.StartTrustingAsync();
        await second.AssertMalformedAsync(http2, $"X-User-Sub: {longest}a");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Total_as_long_as_the_default_limit_is_read_and_one_byte_more_is_refused(bool http2)
    {
        // 10 + 12 + 11 bytes of names.
        string[] lines = [$"X-User-Sub: {new string('a', 4096)}", $"X-User-Email: {new string('b', 4062)}", "X-User-Name: n"];
        Assert.Equal(8192, lines.Sum(line => line.Length - 2));
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.SendAsync(http2, "/open", lines);

        Assert.Equal(["n"], response.User.Values("name"));
        await using ReceivingHost second = await ReceivingHost.StartTrustingAsync();
        await second.AssertMalformedAsync(http2, [.. lines[..2], "X-User-Name: nn"]);
    }

    [Theory]
    [InlineData(HeaderValueEncoding.Mcp, "=?base64?w6k=?=", 15)]
    [InlineData(HeaderValueEncoding.Percent, "%C3%A9", 6)]
    [InlineData(HeaderValueEncoding.Utf8, "\u00C3\u00A9", 2)]
    [InlineData(HeaderValueEncoding.Utf8, "\u00F0\u009F\u00A6\u008A", 4)]
    public async Task Bytes_on_the_wire_are_what_counts(HeaderValueEncoding encoding, string value, int bytes)
    {
        Assert.Equal(bytes, Encoding.Latin1.GetByteCount(value));
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost enough = await StartAsync(bytes, 1000);
            await using ReceivingHost totalEnough = await StartAsync(1000, bytes + "X-User-Sub".Length);
            await using ReceivingHost short1 = await StartAsync(bytes - 1, 1000);
            await using ReceivingHost short2 = await StartAsync(1000, bytes + "X-User-Sub".Length - 1);

            Assert.Single((await enough.SendAsync(http2, "/open", $"X-User-Sub: {value}")).User.Values("sub"));
            Assert.Single((await totalEnough.SendAsync(http2, "/open", $"X-User-Sub: {value}")).User.Values("sub"));
            await short1.AssertMalformedAsync(http2, $"X-User-Sub: {value}");
            await short2.AssertMalformedAsync(http2, $"X-User-Sub: {value}");
        }

        Task<ReceivingHost> StartAsync(int one, int total) => ReceivingHost.StartTrustingAsync(options =>
        {
            options.Encoding = encoding;
            options.MaxHeaderValueLength = one;
            options.MaxTotalLength = total;
        });
    }

    [Theory]
    [InlineData(ClaimValueFormat.CommaSeparated, "a,b")]
    [InlineData(ClaimValueFormat.JsonArray, "[\"a\"]")]
    public async Task Lists_have_the_same_limit(ClaimValueFormat format, string value)
    {
        await using ReceivingHost enough = await StartAsync(value.Length);
        await using ReceivingHost tooShort = await StartAsync(value.Length - 1);

        Assert.NotEmpty((await enough.GetAsync("/open", "X-User-Sub: u", $"X-User-Roles: {value}")).User.Values("roles"));
        await tooShort.AssertMalformedAsync(http2: false, "X-User-Sub: u", $"X-User-Roles: {value}");

        Task<ReceivingHost> StartAsync(int limit) => ReceivingHost.StartTrustingAsync(options =>
        {
            options.Headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = format });
            options.MaxHeaderValueLength = limit;
        });
    }

    [Fact]
    public async Task Neither_the_secret_nor_other_headers_count()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", new string('s', 100)));
            options.MaxHeaderValueLength = 5;
            options.MaxTotalLength = 15;
        });

        RawResponse response = await host.GetAsync(
            "/open", "X-User-Sub: alice", $"X-Gateway-Secret: {new string('s', 100)}", $"X-Other: {new string('o', 1000)}");

        Assert.Equal(["alice"], response.User.Values("sub"));
    }
}
