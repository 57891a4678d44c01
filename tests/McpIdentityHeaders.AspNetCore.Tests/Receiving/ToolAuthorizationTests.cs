using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>The MCP SDK's own authorization, for users whom the library's sending side speaks for.</summary>
public sealed class ToolAuthorizationTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Tools_that_a_user_may_not_call_are_hidden_and_refused(McpBackendKind kind)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(kind);
        await using ServiceProvider services = McpReceiver.NewClients(host, kind);

        await ToolAccess.AssertAsync(services);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Tools_have_their_own_users_principal_while_many_call_at_once(McpBackendKind kind)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(kind, needsUser: true);
        await using ServiceProvider services = McpReceiver.NewClients(host, kind);

        string[][] answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => Task.Run(() => AmbientIdentity.RunAsync(
            McpReceiver.User($"user{number}", number % 2 == 0 ? "admin" : "staff"),
            async () =>
            {
                await using McpClient client = await services.ConnectAsync();
                string[] answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.CallTextAsync("whoami")));
                IList<McpClientTool> listed = await client.ListToolsAsync();
                return answers.Append(listed.Any(tool => tool.Name == "all") ? "admin" : "staff").ToArray();
            }))));

        for (int number = 0; number < answers.Length; number++)
        {
            string own = $"user{number}/user{number} \u5C71";
            Assert.Equal([own, own, own, own, own, number % 2 == 0 ? "admin" : "staff"], answers[number]);
        }

        Assert.All(host.Outcomes, outcome => Assert.Equal("accepted", outcome));
        Assert.True(host.Outcomes.Count >= 12 * 6, $"{host.Outcomes.Count}");
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Endpoint_that_needs_a_user_refuses_an_anonymous_one(McpBackendKind kind)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(kind, needsUser: true);
        await using ServiceProvider services = McpReceiver.NewClients(host, kind);

        var refused = await Assert.ThrowsAnyAsync<HttpRequestException>(() => AmbientIdentity.RunAsync(null, services.ConnectAsync));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Empty(host.Outcomes);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Pool_serves_several_users_each_as_themselves(McpBackendKind kind)
    {
        await using ReceivingHost host = await McpReceiver.StartAsync(kind, needsUser: true);
        await using ServiceProvider services = McpReceiver.NewClients(host, kind);

        string[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            services.CallForAsync(McpReceiver.User($"user{number % 4}"), "mine")));

        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"mine of user{number % 4}"), answers);
    }
}
