using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>A single value in a form that no sender of the library's gives it.</summary>
public sealed class MalformedSingleValueTests
{
    [Theory]
    [InlineData("=?base64?YWxpY2U=?=")] // alice goes as it is
    [InlineData("=?base64?Sm9z*6k=?=")]
    [InlineData("=?base64?Sm9zw6k?=")] // no padding
    [InlineData("=?base64?Sm9zw6k==?=")]
    [InlineData("=?base64?Sm9zw6l=?=")] // bits that Base64 leaves over
    [InlineData("=?base64?Sm9z w6k=?=")]
    [InlineData("=?base64? Sm9zw6k=?=")]
    [InlineData("=?base64?Sm9zw6k= ?=")]
    [InlineData("=?base64??=")]
    [InlineData("=?base64?IA==?=")] // a space alone is blank
    [InlineData("=?base64?CQo=?=")] // so are a tab and a line feed
    [InlineData("=?base64?44CA?=")] // and U+3000
    [InlineData("=?base64?w6k?=")]
    [InlineData("=?base64?/w==?=")] // no UTF-8
    [InlineData("=?base64?w6nD?=")] // UTF-8 that ends too soon
    [InlineData("=?base64?7aCA?=")] // a surrogate
    [InlineData("=?base64?wIA=?=")] // NUL, overlong
    [InlineData("=?base64?9JCAgA==?=")] // beyond U+10FFFF
    [InlineData("=?base64?Sm9z_w6k=?=")]
    [InlineData("=?base64?8J-mig==?=")] // the URL alphabet
    [InlineData("=?base64?Wm_DqyDwn6aK?=")]
    public async Task Wrapper_that_is_not_the_one_form_is_refused(string value) =>
        await AssertRefusedAsync(HeaderValueEncoding.Mcp, value);

    [Theory]
    [InlineData("Jos\u00C3\u00A9")] // UTF-8, well-formed
    [InlineData("a\tb")]
    [InlineData("a\u007Fb")]
    [InlineData("\u00C2\u00A0")]
    public async Task Raw_bytes_beyond_printable_ascii_are_refused_with_Mcp(string value) =>
        await AssertRefusedAsync(HeaderValueEncoding.Mcp, value);

    [Theory]
    [InlineData("Jos%c3%a9")] // lower-case digits
    [InlineData("Jos%C3%a9")]
    [InlineData("%61lice")] // goes as it is
    [InlineData("a%20b")]
    [InlineData("a%3Db")] // only a leading one is escaped
    [InlineData("a%2Cb")]
    [InlineData("%zz")]
    [InlineData("100%")]
    [InlineData("100%2")]
    [InlineData("%")]
    [InlineData("%%25")]
    [InlineData("=x")]
    [InlineData("=?base64?Sm9zw6k=?=")]
    [InlineData("%C3")]
    [InlineData("%C3x")]
    [InlineData("%A9")]
    [InlineData("%C0%80")] // overlong
    [InlineData("%E0%80%AF")]
    [InlineData("%ED%A0%80")] // a surrogate
    [InlineData("%F4%90%80%80")]
    [InlineData("%FF")]
    [InlineData("%u00E9")]
    [InlineData("%+1")]
    [InlineData("% 1")]
    [InlineData("%20")] // blank
    [InlineData("%20%09")]
    [InlineData("%E3%80%80")]
    [InlineData("Jos\u00C3\u00A9")]
    public async Task Percent_form_that_is_not_the_one_form_is_refused(string value) =>
        await AssertRefusedAsync(HeaderValueEncoding.Percent, value);

    [Theory]
    [InlineData("=?base64?Sm9zw6k=?=")]
    [InlineData("=?base64??=")]
    [InlineData("a\tb")]
    [InlineData("a\u007Fb")]
    [InlineData("a\u00C2\u0085b")]
    [InlineData("\u00E3\u0080\u0080")]
    public async Task Utf8_that_no_sender_would_send_is_refused(string value) =>
        await AssertRefusedAsync(HeaderValueEncoding.Utf8, value);

    [Theory]
    [InlineData(HeaderValueEncoding.Mcp)]
    [InlineData(HeaderValueEncoding.Percent)]
    [InlineData(HeaderValueEncoding.Utf8)]
    public async Task Blank_value_is_refused_also_beside_a_subject(HeaderValueEncoding encoding)
    {
        foreach (string[] lines in new[] { ["X-User-Sub:"], ["X-User-Sub: \t "], new[] { "X-User-Sub: alice", "X-User-Email:" } })
        {
            await using ReceivingHost host = await StartAsync(encoding);
            await host.AssertMalformedAsync(http2: false, lines);
        }

        await using ReceivingHost second = await StartAsync(encoding);
        await second.AssertMalformedAsync(http2: true, "X-User-Sub: alice", "X-User-Email:");
    }

    [Theory]
    [InlineData(HeaderValueEncoding.Mcp)]
    [InlineData(HeaderValueEncoding.Percent)]
    [InlineData(HeaderValueEncoding.Utf8)]
    public async Task Outer_spaces_that_http2_keeps_are_refused(HeaderValueEncoding encoding)
    {
        foreach (string value in new[] { " alice", "alice ", " " })
        {
            await using ReceivingHost host = await StartAsync(encoding);

            RawResponse response = await host.SendAsync(http2: true, "/open", "X-User-Sub: " + value);

            Assert.Equal(400, response.Status);
            Assert.Empty(host.Reached);
        }
    }

    [Theory]
    [InlineData(HeaderValueEncoding.Mcp)]
    [InlineData(HeaderValueEncoding.Percent)]
    [InlineData(HeaderValueEncoding.Utf8)]
    public async Task Bytes_that_are_no_utf8_reach_no_endpoint(HeaderValueEncoding encoding)
    {
        foreach (string value in new[] { "Jos\u00E9", "\u00ED\u00A0\u0080", "\u00C0\u00AF", "a\u00FFb", "\u00E3\u0080" })
        {
            foreach (bool http2 in new[] { false, true })
            {
                await using ReceivingHost host = await StartAsync(encoding);

                // Kestrel refuses these itself, before anything of the library's runs; over HTTP/2 it ends the connection.
                RawResponse response = await host.SendAsync(http2, "/open", $"X-User-Sub: {value}");

                Assert.Equal(http2 ? RawHttp2.ConnectionEnded : 400, response.Status);
                Assert.Empty(host.Reached);
            }
        }
    }

    [Theory]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: =?base64?Sm9zw6k=?=", "Jos\u00E9")]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: =?base64?", "=?base64?")]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: =?base64", "=?base64")]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: ?=", "?=")]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: =?utf-8?B?Sm9zw6k=?=", "=?utf-8?B?Sm9zw6k=?=")]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: =?BASE64?Sm9zw6k=?=", "=?BASE64?Sm9zw6k=?=")] // the wrapper is lower case
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: =?Base64?YWxpY2U=?=", "=?Base64?YWxpY2U=?=")]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: Jos%C3%A9", "Jos%C3%A9")]
    [InlineData(HeaderValueEncoding.Mcp, "X-User-Name: =?base64?YQ==?= x", "=?base64?YQ==?= x")]
    [InlineData(HeaderValueEncoding.Percent, "X-User-Name: Jos%C3%A9", "Jos\u00E9")]
    [InlineData(HeaderValueEncoding.Percent, "X-User-Name: %20a b%20", " a b ")]
    [InlineData(HeaderValueEncoding.Percent, "X-User-Name: %3Da=b", "=a=b")]
    [InlineData(HeaderValueEncoding.Percent, "X-User-Name: a+b", "a+b")]
    [InlineData(HeaderValueEncoding.Percent, "X-User-Name: 100%25", "100%")]
    [InlineData(HeaderValueEncoding.Percent, "X-User-Name: a%00b", "a\0b")]
    [InlineData(HeaderValueEncoding.Utf8, "X-User-Name: Jos\u00C3\u00A9", "Jos\u00E9")]
    [InlineData(HeaderValueEncoding.Utf8, "X-User-Name: 100%", "100%")]
    [InlineData(HeaderValueEncoding.Utf8, "X-User-Name: \u00F0\u009F\u00A6\u008A", "\U0001F98A")]
    public async Task The_one_form_is_read(HeaderValueEncoding encoding, string line, string value)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await StartAsync(encoding);

            RawResponse response = await host.SendAsync(http2, "/open", "X-User-Sub: alice", line);

            Assert.Equal([value], response.User.Values("name"));
            Assert.Equal(["accepted"], host.Outcomes);
        }
    }

    [Fact]
    public void Cases_match_their_comments()
    {
        Assert.Equal("Jos\u00E9", Encoding.UTF8.GetString(Convert.FromBase64String("Sm9zw6k=")));
        Assert.Equal("Jos\u00E9", Encoding.UTF8.GetString(Encoding.Latin1.GetBytes("Jos\u00C3\u00A9")));
    }

    private static Task<ReceivingHost> StartAsync(HeaderValueEncoding encoding) =>
        ReceivingHost.StartTrustingAsync(options => options.Encoding = encoding);

    private static async Task AssertRefusedAsync(HeaderValueEncoding encoding, string value)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await StartAsync(encoding);
            await host.AssertMalformedAsync(http2, $"X-User-Sub: {value}");

            // Not the subject alone: any header.
            await using ReceivingHost beside = await StartAsync(encoding);
            await beside.AssertMalformedAsync(http2, "X-User-Sub: alice", $"X-User-Name: {value}");
        }
    }
}
