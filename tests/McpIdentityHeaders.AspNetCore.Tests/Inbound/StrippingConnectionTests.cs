namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>The list in Connection, which could make a proxy behind the gateway drop its identity headers.</summary>
public sealed class StrippingConnectionTests
{
    public static TheoryData<string[], string[]?> Lists => new()
    {
        { ["X-User-Sub"], null },
        { ["x-user-sub"], null },
        { ["X_User_Sub, x.user.sub"], null },
        { ["X-User-Sub", "X-Tenant-Id", "x_gateway_secret"], null },
        { [" X-User-Sub ,, X-User-Email , "], null },
        { ["keep-alive, X-User-Sub"], ["keep-alive"] },
        { ["X-User-Sub, X-First, X_USER_NAME, x-first, X-Second"], ["X-First", "x-first", "X-Second"] },
        {
            ["X-First, X-User-Sub", "X-Second", "X.User.Sub", "X-Third,X-Tenant-Id,X-Fourth"],
            ["X-First", "X-Second", "X-Third", "X-Fourth"]
        },
        { ["X-User-Subject, XUserSub"], ["X-User-Subject", "XUserSub"] },
        { ["keep-alive"], ["keep-alive"] },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Identity_header_names_are_removed_and_others_keep_their_order(string[] lists, string[]? expected)
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string answer = await client.GetAsync([.. lists.Select(list => $"Connection: {list}"), "X-Kept: 1"]);

        Assert.Equal(expected, StrippingServer.Connection(answer));
        Assert.Contains("X-Kept: 1", StrippingServer.Headers(answer));
    }

    [Theory]
    [InlineData("X-Other ,,  X-More", "X-Third")]
    [InlineData("keep-alive,X-Other ,,  X-More", "X-Third")]
    [InlineData("close")]
    public async Task Lists_without_identity_headers_stay_unchanged(params string[] lists)
    {
        string[] lines = [.. lists.Select(list => $"Connection: {list}")];
        List<string[]> answers = [];
        foreach (bool strips in new[] { false, true })
        {
            await using InboundServer server = await StrippingServer.StartAsync(strips: strips);
            using RawClient client = await RawClient.ConnectAsync(server.Uri);
            answers.Add(StrippingServer.Headers(await client.GetAsync(lines)));
        }

        Assert.NotEmpty(answers[0]);
        Assert.Equal(answers[0], answers[1]);
    }

    [Theory]
    [InlineData("X-User-Sub")]
    [InlineData("keep-alive, X-User-Sub")]
    public async Task Connection_stays_open_for_the_next_request(string list)
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        await client.GetAsync($"Connection: {list}", "X-User-Sub: mallory");

        Assert.Equal(["X-Second: 2"], StrippingServer.Headers(await client.GetAsync("X-Second: 2")));
    }

    [Theory]
    [InlineData("close, X-User-Sub")]
    [InlineData("X-User-Sub, close")]
    public async Task Connection_is_closed_where_the_client_asks_for_it(string list)
    {
        await using InboundServer server = await StrippingServer.StartAsync();
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string answer = await client.GetAsync($"Connection: {list}", "X-User-Sub: mallory");

        Assert.Equal("close", Assert.Single(StrippingServer.Connection(answer)!));
        Assert.True(await client.IsClosedAsync());
    }
}
