using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>A call of an unknown user on a factory's session: the session's user stands in under Forward alone.</summary>
public sealed class StandInTests
{
    private readonly FakeLogCollector _logs =
        FakeLogCollector.Create(new FakeLogCollectorOptions { CollectRecordsForDisabledLogLevels = true });

    [Theory]
    [InlineData(McpBackendKind.Stateless, MissingIdentityBehavior.StripHeaders)]
    [InlineData(McpBackendKind.Stateless, MissingIdentityBehavior.Reject)]
    [InlineData(McpBackendKind.Stateless, MissingIdentityBehavior.RequireUser)]
    [InlineData(McpBackendKind.Sessions, MissingIdentityBehavior.StripHeaders)]
    [InlineData(McpBackendKind.Sessions, MissingIdentityBehavior.Reject)]
    [InlineData(McpBackendKind.LegacySse, MissingIdentityBehavior.StripHeaders)]
    [InlineData(McpBackendKind.LegacySse, MissingIdentityBehavior.RequireUser)]
    public async Task Lost_flow_never_borrows_the_user_that_opened_the_session(McpBackendKind kind, MissingIdentityBehavior missing)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddClaimInjection(options => options.MissingIdentity = missing))
            .BuildServiceProvider();
        await using McpClient client = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);

        Task<string> call = CallWithoutFlowAsync(client);

        if (missing == MissingIdentityBehavior.StripHeaders)
        {
            await call;
            McpExchange sent = Assert.Single(backend.Calls());
            Assert.Empty(sent.IdentityHeaders);
        }
        else
        {
            var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => call);
            Assert.Equal(ClaimInjectionErrorReason.UnknownUser, refused.Reason);
            Assert.Empty(backend.Calls());
        }

        await AmbientIdentity.RunAsync(Users.Bob, () => client.CallTextAsync("ping"));
        Assert.Equal("bob", backend.Calls().Last().Subject);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Stand_in_under_Forward_is_logged(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        collection.AddTraceLogging(_logs);
        await using ServiceProvider services = collection.BuildServiceProvider();
        await using McpClient client = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        Assert.DoesNotContain(_logs.GetSnapshot(), record => record.Id.Name == "SessionUserStandsIn");

        await CallWithoutFlowAsync(client);

        Assert.Equal("alice", Assert.Single(backend.Calls()).Subject);
        Assert.Contains(_logs.GetSnapshot(), record => record.Id.Name == "SessionUserStandsIn");
    }

    [Fact]
    public async Task Session_of_a_rejecting_client_opens_streams_and_closes_as_its_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddClaimInjection(options => options.MissingIdentity = MissingIdentityBehavior.Reject))
            .BuildServiceProvider();

        McpClient client = await AmbientIdentity.RunAsync(Users.Alice, services.ConnectAsync);
        await client.DisposeAsync();

        Assert.Contains(backend.Exchanges, exchange => exchange.Http == "DELETE");
        Assert.All(backend.Exchanges, exchange => Assert.Equal("alice", exchange.Subject));
    }

    private static async Task<string> CallWithoutFlowAsync(McpClient client)
    {
        var done = new TaskCompletionSource<string>();
        ThreadPool.UnsafeQueueUserWorkItem(
            async _ =>
            {
                try
                {
                    done.SetResult(await client.CallTextAsync("ping"));
                }
                catch (Exception exception)
                {
                    done.SetException(exception);
                }
            },
            state: null);
        return await done.Task;
    }
}
