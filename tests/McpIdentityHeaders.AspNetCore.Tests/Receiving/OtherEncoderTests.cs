using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>What other encoders make of one name, at a receiver of each encoding: the name, plain text, or a refusal.</summary>
public sealed class OtherEncoderTests
{
    private const string Name = "Jos\u00E9";
    private const string Refused = "refused";
    private const string Plain = "plain";

    /// <summary>Stands for 400 by the server itself: bytes that are no UTF-8.</summary>
    private const string NoText = "no text";

    /// <summary>The form on the wire, a character a byte, and what receivers of Mcp, Percent and Utf8 make of it.</summary>
    public static TheoryData<string, string, string, string> Forms => new()
    {
        { "=?base64?Sm9zw6k=?=", Name, Refused, Refused },
        { "Jos%C3%A9", Plain, Name, Plain },
        { "Jos%c3%a9", Plain, Refused, Plain },
        { "Jos\u00C3\u00A9", Refused, Refused, Name },
        { "Jos\u00E9", NoText, NoText, NoText },
        { "Jose\u00CC\u0081", Refused, Refused, "Jose\u0301" }, // decomposed: another text
        { "=?UTF-8?B?Sm9zw6k=?=", Plain, Refused, Plain },
        { "=?utf-8?q?Jos=C3=A9?=", Plain, Refused, Plain },
        { "=?ISO-8859-1?Q?Jos=E9?=", Plain, Refused, Plain },
        { "=?iso-8859-1?b?Sm9z6Q==?=", Plain, Refused, Plain },
        { "=?UTF-8*fr?Q?Jos=C3=A9?=", Plain, Refused, Plain },
        { "=?UTF-8?Q?Jos?= =?UTF-8?Q?=C3=A9?=", Plain, Refused, Plain },
        { "UTF-8''Jos%C3%A9", Plain, "UTF-8''" + Name, Plain }, // RFC 8187: the mark is text to Percent
        { "Jos&#233;", Plain, Plain, Plain },
        { "Jos\\u00E9", Plain, Plain, Plain },
        { "\"Jos\\xC3\\xA9\"", Plain, Plain, Plain },
        { "Sm9zw6k=", Plain, Plain, Plain },
        { "Jos+AOk-", Plain, Plain, Plain }, // UTF-7
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Form_is_the_name_plain_text_or_refused_with_the_setting(string form, string mcp, string percent, string utf8)
    {
        foreach ((HeaderValueEncoding encoding, string expected) in new[]
        {
            (HeaderValueEncoding.Mcp, mcp), (HeaderValueEncoding.Percent, percent), (HeaderValueEncoding.Utf8, utf8),
        })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options => options.Encoding = encoding);
            foreach (bool http2 in new[] { false, true })
            {
                RawResponse response = await host.SendAsync(http2, "/open", "X-User-Sub: alice", $"X-User-Name: {form}");

                switch (expected)
                {
                    case Refused:
                        Assert.Equal(400, response.Status);
                        Assert.All([Encoding.UTF8.GetString(response.Body), host.Warnings[^1].Message], text => Assert.Contains(
                            $"'X-User-Name' is not in the canonical form of Encoding '{encoding}', which has to be the sender's.",
                            text,
                            StringComparison.Ordinal));
                        break;
                    case NoText:
                        Assert.Equal(http2 ? RawHttp2.ConnectionEnded : 400, response.Status);
                        Assert.Empty(host.Outcomes);
                        break;
                    default:
                        Assert.Equal(expected == Plain ? form : expected, response.User.Name);
                        break;
                }
            }
        }
    }

    [Fact]
    public async Task Latin_1_bytes_that_a_server_reads_as_such_are_a_name_to_Utf8_alone()
    {
        foreach (HeaderValueEncoding encoding in Enum.GetValues<HeaderValueEncoding>())
        {
            await using ReceivingHost host = await ReceivingHost.StartAsync(
                schemes => schemes.AddIdentityHeaders(options =>
                {
                    ReceivingServer.TrustLoopback(options);
                    options.Encoding = encoding;
                }),
                kestrel: kestrel =>
                {
                    kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
                    kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
                });

            RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice", "X-User-Name: Jos\u00E9");

            Assert.Equal(encoding == HeaderValueEncoding.Utf8 ? 200 : 400, response.Status);
            Assert.Equal(encoding == HeaderValueEncoding.Utf8 ? ["accepted"] : ["malformed"], host.Outcomes);
        }
    }

    [Theory]
    [InlineData(ClaimValueFormat.CommaSeparated, "Jos\u00C3\u00A9", "Format 'CommaSeparated'")]
    [InlineData(ClaimValueFormat.CommaSeparated, "=?base64?Sm9zw6k=?=", "Format 'CommaSeparated'")]
    [InlineData(ClaimValueFormat.JsonArray, "a,b", "Format 'JsonArray'")]
    [InlineData(ClaimValueFormat.JsonArray, "=?UTF-8?B?WyJKb3PDqSJd?=", "Format 'JsonArray'")]
    [InlineData(ClaimValueFormat.JsonObject, "{'team':'a'}", "Format 'JsonObject'")]
    [InlineData(ClaimValueFormat.Base64JsonObject, "{\"team\":\"a\"}", "Format 'Base64JsonObject'")]
    public async Task List_or_object_in_another_form_is_refused_with_its_format(ClaimValueFormat format, string form, string setting)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
            options.Headers.Add(new ClaimHeader("X-User-Team", "roles") { Format = format }));

        await host.AssertMalformedAsync(http2: false, "X-User-Sub: alice", $"X-User-Team: {form}");

        string message = Assert.Single(host.Warnings).Message;
        Assert.Contains($"'X-User-Team' is not in the canonical form of {setting}", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Value_in_another_form_than_a_profiles_is_refused_with_the_profile()
    {
        await using ReceivingHost host =
            await ReceivingHost.StartTrustingAsync(options => options.Profile = IdentityHeadersProfile.Tailscale);

        await host.AssertMalformedAsync(http2: false, "Tailscale-User-Login: alice", "Tailscale-User-Name: Jos\u00C3\u00A9");

        Assert.Contains("canonical form of Profile 'Tailscale'", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
    }
}
