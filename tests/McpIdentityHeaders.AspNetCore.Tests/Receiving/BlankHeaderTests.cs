using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>A header without a value, in every form that one comes in, is refused with a message that says what it is.</summary>
public sealed class BlankHeaderTests
{
    private const string Blank = "is blank. A sender leaves out a header that has no value";

    public static TheoryData<string, string> Lines => new()
    {
        { "X-User-Sub:", $"'X-User-Sub' {Blank}" },
        { "X-User-Sub: ", $"'X-User-Sub' {Blank}" },
        { "X-User-Sub:    ", $"'X-User-Sub' {Blank}" },
        { "X-User-Sub: \t", $"'X-User-Sub' {Blank}" },
        { "X-User-Sub: alice|X-User-Name:", $"'X-User-Name' {Blank}" },
        { "X-User-Name:|X-User-Sub: alice", $"'X-User-Name' {Blank}" },
        { "X-User-Sub:|X-User-Name:|X-User-Email:", $"'X-User-Sub' {Blank}" },
        { "X-User-Sub: alice|X-User-Tenant:", $"'X-User-Tenant' {Blank}" },
        { "X-User-Sub: alice|X-User-Groups:", $"'X-User-Groups' {Blank}" },
        { "X-User-Sub: alice|X-User-Scopes: \t ", $"'X-User-Scopes' {Blank}" },
        { "X-User-Sub: alice|X-User-Team:", $"'X-User-Team' {Blank}" },
        { "X-User-Sub:|X-User-Sub:", "'X-User-Sub' came 2 times" },
        { "X-User-Sub: alice|X-User-Sub:", "'X-User-Sub' came 2 times" },
        { "X-User-Sub:|X-User-Sub: alice", "'X-User-Sub' came 2 times" },
        { "X-User-Sub: alice|X-User-Groups:|X-User-Groups: staff|X-User-Groups:", "'X-User-Groups' came 3 times" },
        { "X-User-Sub: alice|X_User_Name:", "an alias of the header 'X-User-Name'" },
        { "x.user.sub:|X-User-Sub: alice", "an alias of the header 'X-User-Sub'" },
        { "X-User-Sub: alice|X-User-Name: =?base64??=", "'X-User-Name' is not in the canonical form of Encoding 'Mcp'" },
        { "X-User-Sub: =?base64?IA==?=", "'X-User-Sub' is not in the canonical form of Encoding 'Mcp'" },
        { "X-User-Sub: alice|X-User-Name: =?base64?4oCD?=", "'X-User-Name' is not in the canonical form of Encoding 'Mcp'" }, // U+2003
        { "X-User-Sub: alice|X-User-Groups: ,", "'X-User-Groups' is not in the canonical form of Format 'CommaSeparated'" },
        { "X-User-Sub: alice|X-User-Groups: %20", "'X-User-Groups' is not in the canonical form of Format 'CommaSeparated'" },
        { "X-User-Sub: alice|X-User-Groups: a,%C2%A0", "'X-User-Groups' is not in the canonical form of Format 'CommaSeparated'" },
        { "X-User-Sub: alice|X-User-Scopes: []", "'X-User-Scopes' is not in the canonical form of Format 'JsonArray'" },
        { "X-User-Sub: alice|X-User-Scopes: [\"\"]", "'X-User-Scopes' is not in the canonical form of Format 'JsonArray'" },
        { "X-User-Sub: alice|X-User-Scopes: [\"a\",\" \"]", "'X-User-Scopes' is not in the canonical form of Format 'JsonArray'" },
        { "X-User-Sub: alice|X-User-Scopes: [null]", "'X-User-Scopes' is not in the canonical form of Format 'JsonArray'" },
        { "X-User-Sub: alice|X-User-Team: {}", "'X-User-Team' is not in the canonical form of Format 'JsonObject'" },
        { "X-User-Sub: alice|X-User-Team: {\"team\":\"\"}", "'X-User-Team' is not in the canonical form of Format 'JsonObject'" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Header_without_a_value_is_refused_and_named(string lines, string expected)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(AddHeaders);

            RawResponse response = await host.SendAsync(http2, "/open", lines.Split('|'));

            Assert.Equal(400, response.Status);
            Assert.Empty(host.Reached);
            Assert.Contains(expected, Encoding.UTF8.GetString(response.Body), StringComparison.Ordinal);
            Assert.Contains(expected, Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(HeaderValueEncoding.Percent, "%20", "not in the canonical form of Encoding 'Percent'")]
    [InlineData(HeaderValueEncoding.Utf8, "\u00E2\u0080\u0083", Blank)] // U+2003, as its bytes
    [InlineData(HeaderValueEncoding.Utf8, "\u00C2\u00A0", Blank)]
    public async Task Blank_value_of_another_encoding_is_refused_and_named(HeaderValueEncoding encoding, string value, string expected)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options => options.Encoding = encoding);

            await host.AssertMalformedAsync(http2, "X-User-Sub: alice", $"X-User-Name: {value}");

            Assert.Contains("'X-User-Name'", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
            Assert.Contains(expected, Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Required_header_that_is_blank_is_called_blank_and_not_missing()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
            options.Headers.Add(new ClaimHeader("X-User-Tenant", "tenant") { Required = true }));

        RawResponse blank = await host.GetAsync("/open", "X-User-Sub: alice", "X-User-Tenant:");
        RawResponse missing = await host.GetAsync("/open", "X-User-Sub: alice");

        Assert.Contains($"'X-User-Tenant' {Blank}", Encoding.UTF8.GetString(blank.Body), StringComparison.Ordinal);
        Assert.Contains("'X-User-Tenant' is required, and did not come", Encoding.UTF8.GetString(missing.Body), StringComparison.Ordinal);
    }

    private static void AddHeaders(IdentityHeadersOptions options)
    {
        options.Headers.Add(new ClaimHeader("X-User-Tenant", "tenant"));
        options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated });
        options.Headers.Add(new ClaimHeader("X-User-Scopes", "roles") { Format = ClaimValueFormat.JsonArray });
        options.Headers.Add(new ClaimHeader("X-User-Team", "team") { Format = ClaimValueFormat.JsonObject });
    }
}
