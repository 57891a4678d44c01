using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Which tools of <see cref="RoleTools"/> a user of <see cref="McpReceiver"/> may see and call, whatever names the user.</summary>
internal static class ToolAccess
{
    private static readonly string[] All = ["all", "mine", "whoami"];

    /// <summary>Looks that each user, and an anonymous one, is listed and may call the right tools, and no others.</summary>
    public static async Task AssertAsync(IServiceProvider services)
    {
        await AssertMayAsync(services, McpReceiver.User("alice", "staff", "admin"), "all", "mine", "whoami");
        await AssertMayAsync(services, McpReceiver.User("bob", "staff"), "mine", "whoami");
        await AssertMayAsync(services, McpReceiver.User("mallory", "staff,admin", "Admin"), "mine", "whoami");
        await AssertMayAsync(services, user: null, "whoami");
    }

    private static Task AssertMayAsync(IServiceProvider services, ClaimsPrincipal? user, params string[] tools) =>
        AmbientIdentity.RunAsync(user, async () =>
        {
            await using McpClient client = await services.ConnectAsync();
            IList<McpClientTool> listed = await client.ListToolsAsync();
            Assert.Equal(tools, listed.Select(tool => tool.Name).Order(StringComparer.Ordinal));

            foreach (string tool in All)
            {
                if (tools.Contains(tool))
                {
                    string subject = user?.FindFirst("sub")?.Value ?? "anonymous";
                    Assert.Contains(subject, await client.CallTextAsync(tool), StringComparison.Ordinal);
                }
                else
                {
                    var refused = await Assert.ThrowsAsync<McpProtocolException>(async () => await client.CallToolAsync(tool));
                    Assert.Contains("Access forbidden", refused.Message, StringComparison.Ordinal);
                }
            }
        });
}
