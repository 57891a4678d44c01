using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed partial class SignOutBus(IConnectionMultiplexer redis, IMcpClientPool pool, ILogger<SignOutBus> logger) : IHostedService
{
    private static readonly RedisChannel Channel = RedisChannel.Literal("mcp-sign-out");

    public Task SignOutAsync(ClaimsPrincipal user, CancellationToken cancellationToken) => Task.WhenAll(
        redis.GetSubscriber().PublishAsync(Channel, JsonSerializer.Serialize(SignedOutUser.From(user))),
        pool.CloseAsync(user, cancellationToken));

    public Task StartAsync(CancellationToken cancellationToken) =>
        redis.GetSubscriber().SubscribeAsync(Channel, (channel, message) => _ = CloseAsync(message));

    public Task StopAsync(CancellationToken cancellationToken) => redis.GetSubscriber().UnsubscribeAsync(Channel);

    private async Task CloseAsync(RedisValue message)
    {
        try
        {
            await pool.CloseAsync(JsonSerializer.Deserialize<SignedOutUser>(message.ToString())!.ToPrincipal());
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "A sign-out of another replica could not be followed.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
// </snippet>
