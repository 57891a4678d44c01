using System.Diagnostics.Metrics;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Two replicas of a program and a Redis server between them.</summary>
public sealed class SignOutBusTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RedisFact]
    public async Task Sign_out_at_one_replica_closes_the_users_sessions_at_all()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using RedisServer redis = await RedisServer.StartAsync();
        using IHost first = await StartReplicaAsync(redis, backend.Endpoint);
        using IHost second = await StartReplicaAsync(redis, backend.Endpoint);
        ClaimsPrincipal alice = CreateUser("alice", iss: "https://login.example.com/");
        ClaimsPrincipal sameSubject = CreateUser("alice", iss: "https://other.example.com/");
        ClaimsPrincipal carol = CreateUser("carol", iss: null);
        foreach (IHost replica in new[] { first, second })
        {
            foreach (ClaimsPrincipal user in new[] { alice, sameSubject, carol })
            {
                await using McpClientLease lease = await replica.Services.GetRequiredService<IMcpClientPool>().RentAsync("notes", user);
                await lease.Client.PingAsync();
            }
        }

        using MetricCollector<long> closed = CollectClosed(second);
        await first.Services.GetRequiredService<SignOutBus>().SignOutAsync(alice, CancellationToken.None);
        await closed.WaitForMeasurementsAsync(1, Patience);
        await first.Services.GetRequiredService<SignOutBus>().SignOutAsync(carol, CancellationToken.None);
        await closed.WaitForMeasurementsAsync(2, Patience);

        // A replica that has stopped hears of none.
        await second.StopAsync();
        Assert.Equal(["shutdown", "user", "user"], closed.GetMeasurementSnapshot().Select(session => session.Tags["reason"]).Order());
    }

    private static ClaimsPrincipal CreateUser(string subject, string? iss) => new(new ClaimsIdentity(
        [
            new Claim("sub", subject, ClaimValueTypes.String, "https://login.example.com/"),
            .. iss is null ? Array.Empty<Claim>() : [new Claim("iss", iss)],
        ],
        authenticationType: "test"));

    private static MetricCollector<long> CollectClosed(IHost replica) => new(
        replica.Services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", "mcp.identity.sessions.closed");

    private static async Task<IHost> StartReplicaAsync(RedisServer redis, Uri backend)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddMcpClient("notes", backend).AddClaimInjection();
        IConnectionMultiplexer connection = await redis.ConnectAsync();

        // <snippet>
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => connection);
        builder.Services.AddSingleton<SignOutBus>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SignOutBus>());
        // </snippet>
        IHost replica = builder.Build();
        await replica.StartAsync();
        return replica;
    }
}
