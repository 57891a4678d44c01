using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

public sealed class McpClientFactoryTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_carries_the_user(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider(validateScopes: true);

        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        await using McpClient client = await services.ConnectAsync();

        await client.CallTextAsync("whoami");

        Assert.Contains(backend.Exchanges, exchange => exchange is { Rpc: "tools/call", Subject: "alice" });
        Assert.All(backend.Exchanges, exchange => Assert.Equal("alice", exchange.Subject));
    }
}
