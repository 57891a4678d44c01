namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Which headers of an inbound request are removed, and which are left.</summary>
public sealed class StrippingNamesTests
{
    public static TheoryData<string> IdentityHeaders =>
    [
        "X-User-Sub", "x-user-sub", "X-USER-SUB", "X_User_Sub", "X.User.Sub", "x_user.sub", "X-User_Sub", "X.USER-sub",
        "X-User-Email", "x_user_email", "X-User-Name", "X.User.Name",
        "X-Tenant-Id", "x_tenant.ID", "X-Gateway-Secret", "X_GATEWAY_SECRET", "x.gateway-secret",
        "From", "from",
    ];

    /// <summary>Names that servers of either protocol let through, and that a lenient reader may take for the real one.</summary>
    public static TheoryData<string> OddNames =>
    [
        "X-User-Sub\u0001", "\u0001X-User-Sub", "X-User\u0007-Sub", "X-User-Sub\u007F", "x_user\u001F_sub", "X-User-Sub!",
        "X-User-Sub~", "'X-User-Sub'", "X-Gateway\u0002-Secret", "From\u0001", "$X-User-Sub", "X-User$-Sub", "`X_User_Sub`", "X.User.Sub^",
        "#X-User-Sub", "|X-USER-SUB|", "*From",
    ];

    /// <summary>
    /// Names of other bytes than ASCII, which look like the real one, or lose such bytes on the way: a character is a byte.
    /// </summary>
    public static TheoryData<string> NamesPastAscii =>
    [
        "X-User-Sub\u00A0", "\u00ADX-User-Sub", "X-User\u0085-Sub", "X-User-S\u00FCb", "X-User-Sub\u00FF",
        "\u00EF\u00BC\u00B8-User-Sub", // a full-width X in UTF-8
        "X-U\u00D1\u0095er-Sub", // a Cyrillic s
        "X\u00E2\u0080\u0090User\u00E2\u0080\u0090Sub", // hyphens of U+2010
        "X-U\u00C5\u00BFer-Sub", // a long s, of which the upper case is S
        "X-User-Sub\u00E2\u0080\u008B", // a zero width space
    ];

    public static TheoryData<string> NotOwned =>
    [
        "X-User-Subject", "X-User", "User-Sub", "XUserSub", "X--User-Sub", "X-User-Sub-", "_X-User-Sub", "X~User~Sub", "X-User--Sub",
        "X-User-_Sub", "XUser-Sub", "X-Tenant", "X-Gateway-Secret-2", "X-Forwarded-User", "Authorization", "Cookie", "From-", "User-Agent",
    ];

    [Theory]
    [MemberData(nameof(IdentityHeaders))]
    public async Task Identity_header_and_its_aliases_are_removed(string name)
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string[] headers = StrippingServer.Headers(await client.GetAsync("X-Before: 1", $"{name}: mallory", "X-After: 2"));

        Assert.Equal(["X-After: 2", "X-Before: 1"], headers.Order());
    }

    [Theory]
    [MemberData(nameof(IdentityHeaders))]
    public async Task Identity_header_and_its_aliases_are_removed_over_http2(string name)
    {
        await using InboundServer server = await StrippingServer.StartAsync(http2: true);
        using HttpClient client = server.NewClient();
        using HttpRequestMessage request =
            server.NewRequest("/").WithHeader("X-Before", "1").WithHeader(name, "mallory").WithHeader("X-After", "2");

        using HttpResponseMessage response = await client.SendAsync(request);
        string[] headers = StrippingServer.Headers(await response.Content.ReadAsStringAsync());

        Assert.Equal(System.Net.HttpVersion.Version20, response.Version);
        Assert.Equal(["x-after: 2", "x-before: 1"], headers.Select(header => header.ToLowerInvariant()).Order());
    }

    [Theory]
    [MemberData(nameof(NotOwned))]
    public async Task Other_names_are_left_as_they_came(string name)
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string[] headers = StrippingServer.Headers(
            await client.GetAsync($"{name}: first, =?base64?w6k=?=", "X-User-Sub: mallory", $"{name}: second"));

        Assert.Equal([$"{name}: first, =?base64?w6k=?=", $"{name}: second"], headers);
    }

    [Theory]
    [MemberData(nameof(OddNames))]
    public async Task Name_with_an_odd_byte_is_removed(string name)
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string[] headers = StrippingServer.Headers(await client.GetAsync("X-Before: 1", $"{name}: mallory", "X-After: 2"));

        Assert.Equal(["X-After: 2", "X-Before: 1"], headers.Order());
    }

    [Theory]
    [MemberData(nameof(OddNames))]
    [InlineData(" X-User-Sub")]
    [InlineData("X-User-Sub ")]
    [InlineData(" x_user_sub\t")]
    [InlineData("X-User-Sub\u0000")]
    public async Task Name_with_an_odd_byte_is_removed_over_http2(string name)
    {
        await using InboundServer server = await StrippingServer.StartAsync(http2: true);

        RawResponse response = await RawHttp2.GetAsync(server.Uri, "/", "X-Before: 1", $"{name}: mallory", "X-After: 2");

        if (response.Status != RawHttp2.ConnectionEnded)
        {
            string[] headers = StrippingServer.Headers(System.Text.Encoding.UTF8.GetString(response.Body));
            Assert.Equal(["X-After: 2", "X-Before: 1"], headers.Order(), StringComparer.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [MemberData(nameof(NamesPastAscii))]
    public async Task Name_with_other_bytes_than_ASCII_reaches_no_endpoint(string name)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using InboundServer server = await StrippingServer.StartAsync(http2: http2);

            RawResponse response = http2
                ? await RawHttp2.GetAsync(server.Uri, "/", $"{name}: mallory")
                : await RawHttp.GetAsync(server.Uri, "/", $"{name}: mallory");

            Assert.DoesNotContain("mallory", System.Text.Encoding.UTF8.GetString(response.Body), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("X-User-Sub ")]
    [InlineData("X-User-Sub\t")]
    [InlineData(" X-User-Sub")]
    [InlineData("X-User-Sub\u0000")]
    [InlineData("X-User-Sub\r")]
    public async Task Name_that_HTTP_1_does_not_allow_reaches_no_endpoint(string name)
    {
        await using InboundServer server = await StrippingServer.StartAsync();

        RawResponse response = await RawHttp.GetAsync(server.Uri, "/", $"{name}: mallory");

        Assert.Equal(400, response.Status);
    }

    [Fact]
    public async Task All_lines_under_all_names_are_removed_at_once()
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string[] headers = StrippingServer.Headers(await client.GetAsync(
            "X-User-Sub: a", "X_User_Sub: b", "x.user.sub: c", "X-User-Sub: d", "X-Kept: 1", "X-User-Email:", "X-Tenant-Id: e, f",
            "X-User-Name: =?base64?TWFsbG9yeQ==?=", "X_User_Sub: g", "X-Gateway-Secret: h", "X-Kept: 2"));

        Assert.Equal(["X-Kept: 1", "X-Kept: 2"], headers);
    }

    [Fact]
    public async Task Each_request_on_a_connection_is_stripped()
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        for (int number = 0; number < 5; number++)
        {
            Assert.Equal(
                [$"X-Number: {number}"],
                StrippingServer.Headers(await client.GetAsync("X_User_Sub: mallory", $"X-Number: {number}", "X-User-Sub: m")));
            Assert.Empty(StrippingServer.Headers(await client.GetAsync()));
        }
    }
}
