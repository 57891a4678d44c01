using System.Globalization;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>A list in a form that no sender of the library's gives it.</summary>
public sealed class MalformedListTests
{
    [Theory]
    [InlineData(",")]
    [InlineData("a,")]
    [InlineData(",a")]
    [InlineData("a,,b")]
    [InlineData("a, b")]
    [InlineData("a ,b")]
    [InlineData("a,%20")] // a blank item
    [InlineData("a,%E3%80%80")]
    [InlineData("a%2cb")] // lower-case digits
    [InlineData("%61")]
    [InlineData("a%20b")] // only outer spaces are escaped
    [InlineData("a%3Db")]
    [InlineData("=a")]
    [InlineData("a,=b")]
    [InlineData("\"a\",b")]
    [InlineData("\"a,b\"")]
    [InlineData("a\\,b")]
    [InlineData("a%zz")]
    [InlineData("a%")]
    [InlineData("a%2")]
    [InlineData("%C3,a")]
    [InlineData("%C0%AC")] // a comma, overlong
    [InlineData("%ED%A0%80")]
    [InlineData("S\u00C3\u00BCd")]
    [InlineData("a\tb")]
    [InlineData("=?base64?ZW5n?=")]
    [InlineData("")]
    public async Task Comma_list_that_is_not_the_one_form_is_refused(string value) =>
        await AssertRefusedAsync(ClaimValueFormat.CommaSeparated, value);

    [Theory]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("[\"a\", \"b\"]")]
    [InlineData("[ \"a\"]")]
    [InlineData("[\"a\" ]")]
    [InlineData("[\"a\",]")]
    [InlineData("[,\"a\"]")]
    [InlineData("[\"a\"]x")]
    [InlineData("[\"a\"][\"b\"]")]
    [InlineData("[\"a\"")]
    [InlineData("\"a\"")]
    [InlineData("a")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"a\":\"b\"}")]
    [InlineData("[1]")]
    [InlineData("[true]")]
    [InlineData("[null]")]
    [InlineData("[\"a\",null]")]
    [InlineData("[\"a\",[\"b\"]]")]
    [InlineData("[[\"a\"]]")]
    [InlineData("[{}]")]
    [InlineData("[\"\"]")]
    [InlineData("[\"a\",\"\"]")]
    [InlineData("[\"a\",\" \"]")]
    [InlineData("[\"a\",\"\\t\"]")]
    [InlineData("[\"S\u00C3\u00BCd\"]")] // not escaped
    [InlineData("[\"S\\u00fcd\"]")] // lower-case digits
    [InlineData("[\"\\u0061\"]")] // needlessly escaped
    [InlineData("[\"a\\/b\"]")]
    [InlineData("[\"a\\\"b\"]")] // the default encoder gives \u0022
    [InlineData("[\"a+b\"]")] // and \u002B
    [InlineData("[\"a<b\"]")]
    [InlineData("[\"a'b\"]")]
    [InlineData("[\"a&b\"]")]
    [InlineData("[\"\\uD83E\"]")] // half a pair
    [InlineData("[\"\\uDD8A\"]")]
    [InlineData("[\"\\uD83Ex\"]")]
    [InlineData("[\"\\uDD8A\\uD83E\"]")]
    [InlineData("['a']")]
    [InlineData("[\"a\"/**/]")]
    [InlineData("[\"a\tb\"]")]
    [InlineData("[\"\\x61\"]")]
    [InlineData("=?base64?WyJhIl0=?=")]
    public async Task Json_array_that_is_not_the_one_form_is_refused(string value) =>
        await AssertRefusedAsync(ClaimValueFormat.JsonArray, value);

    [Theory]
    [InlineData(ClaimValueFormat.CommaSeparated, "eng", "eng")]
    [InlineData(ClaimValueFormat.CommaSeparated, "eng,ops", "eng|ops")]
    [InlineData(ClaimValueFormat.CommaSeparated, "ops,eng,ops", "ops|eng|ops")]
    [InlineData(ClaimValueFormat.CommaSeparated, "eng%2Cadmins,100%25", "eng,admins|100%")]
    [InlineData(ClaimValueFormat.CommaSeparated, "%20a b%20,%3Dx=y", " a b |=x=y")]
    [InlineData(ClaimValueFormat.CommaSeparated, "%22x%22,y%5Cz,S%C3%BCd", "\"x\"|y\\z|S\u00FCd")]
    [InlineData(ClaimValueFormat.CommaSeparated, "%C2%85,a%7F", null)]
    [InlineData(ClaimValueFormat.JsonArray, "[\"eng\"]", "eng")]
    [InlineData(ClaimValueFormat.JsonArray, "[\"eng,ops\",\"S\\u00FCd\"]", "eng,ops|S\u00FCd")]
    [InlineData(ClaimValueFormat.JsonArray, "[\"a\",\"a\"]", "a|a")]
    [InlineData(ClaimValueFormat.JsonArray, "[\"\\uD83E\\uDD8A\",\"a\\u0022b\",\"c\\\\d\"]", "\U0001F98A|a\"b|c\\d")]
    [InlineData(ClaimValueFormat.JsonArray, "[\" a \",\"a\\nb\",\"[\\u0022x\\u0022]\"]", " a |a\nb|[\"x\"]")]
    public async Task The_one_form_is_read_in_its_order(ClaimValueFormat format, string value, string? items)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await StartAsync(format);

            RawResponse response = await host.SendAsync(http2, "/open", "X-User-Sub: alice", $"X-User-Roles: {value}");

            if (items is null)
            {
                // U+0085 alone is white space, and a blank item is none.
                Assert.Equal(400, response.Status);
            }
            else
            {
                Assert.Equal(items.Split('|'), response.User.Values("roles"));
            }
        }
    }

    [Theory]
    [InlineData(ClaimValueFormat.CommaSeparated)]
    [InlineData(ClaimValueFormat.JsonArray)]
    public async Task Every_character_of_ascii_has_one_form(ClaimValueFormat format)
    {
        await using ReceivingHost host = await StartAsync(format);
        int accepted = 0;

        for (char c = '!'; c <= '~'; c++)
        {
            string raw = format == ClaimValueFormat.JsonArray ? $"[\"x{c}y\"]" : $"x{c}y";
            string escaped = format == ClaimValueFormat.JsonArray
                ? $"[\"x\\u{(int)c:X4}y\"]"
                : string.Create(CultureInfo.InvariantCulture, $"x%{(int)c:X2}y");

            RawResponse[] responses = [await SendAsync(raw), await SendAsync(escaped)];

            // A comma ends an item, so that both forms are lists; a backslash in JSON has the form of two.
            string[] read = [.. responses
                .Where(response => response.Status == 200)
                .Select(response => string.Join('|', response.User.Values("roles")))];
            Assert.Equal((format, c) switch
            {
                (ClaimValueFormat.CommaSeparated, ',') => ["x|y", "x,y"],
                (ClaimValueFormat.JsonArray, '\\') => [],
                _ => new[] { $"x{c}y" },
            }, read);
            accepted += read.Length;
        }

        Assert.Equal(format == ClaimValueFormat.CommaSeparated ? 95 : 93, accepted);

        Task<RawResponse> SendAsync(string value) => host.GetAsync("/open", "X-User-Sub: alice", $"X-User-Roles: {value}");
    }

    private static Task<ReceivingHost> StartAsync(ClaimValueFormat format) => ReceivingHost.StartTrustingAsync(options =>
        options.Headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = format }));

    private static async Task AssertRefusedAsync(ClaimValueFormat format, string value)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await StartAsync(format);

            await host.AssertMalformedAsync(http2, "X-User-Sub: alice", $"X-User-Roles: {value}");
        }
    }
}
