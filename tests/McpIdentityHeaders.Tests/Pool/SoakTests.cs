using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using Xunit.Abstractions;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>
/// Many users at once, on a backend that ends sessions as it likes and a pool that is too small for all. The backend binds each session to
/// the user who opened it, so a mix-up that a tool would not see is refused there with 403, which is no failure that is expected here.
/// </summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const string SeedVariable = "MCP_SOAK_SEED";
    private const int UserCount = 500;
    private const int Calls = 50_000;
    private const int MaxSessions = 250;
    private const int AtOnce = 32;
    private const double Killed = 0.05;

    private readonly ConcurrentDictionary<string, int> _failures = new();
    private int _made;
    private int _answered;
    private int _killed;

    [Fact]
    public async Task Calls_under_load_carry_their_own_user_and_leave_no_session()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out int set)
            ? set
            : Random.Shared.Next();
        output.WriteLine($"seed {seed}; set {SeedVariable} to repeat it");

        await using McpBackend backend = await McpBackend.StartAsync(
            McpBackendKind.Sessions, PoolTesting.SignInByHeaderAsync, keepsExchanges: false);
        ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(options =>
            {
                options.MaxSessions = MaxSessions;

                // On a machine under load, a session that is given up would stay open on the backend.
                options.CloseTimeout = AsyncGate.Patience;
            })
            .BuildServiceProvider();
        await using (services)
        {
            using MetricCollector<long> created = Collect(services, "created");
            using MetricCollector<long> active = Collect(services, "active");

            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(worker =>
                Task.Run(() => WorkAsync(services, backend, new Random(seed + worker), created))));

            int opened = created.GetMeasurementSnapshot().Count;
            output.WriteLine($"{_answered} of {_made} calls answered, {opened} sessions opened, {_killed} of them killed");
            output.WriteLine(string.Join('\n', _failures.Select(failure => $"{failure.Value} x {failure.Key}")));

            Assert.InRange(_killed, opened * Killed / 2, opened * Killed * 2);
            Assert.True(_answered > Calls * 0.9, "more calls failed than sessions that were killed can explain");

            await WaitUntilAsync(() => backend.LiveSessions.Count == active.GetMeasurementSnapshot().EvaluateAsCounter());
            Assert.InRange(backend.LiveSessions.Count, 1, MaxSessions);
        }

        Assert.Empty(backend.LiveSessions);
    }

    private async Task WorkAsync(IServiceProvider services, McpBackend backend, Random random, MetricCollector<long> created)
    {
        while (Interlocked.Increment(ref _made) <= Calls)
        {
            // Some users come far more often than others, as users do: most find their session, and many have lost it to another.
            string subject = $"user-{(int)(UserCount * Math.Pow(random.NextDouble(), 3))}";
            try
            {
                Assert.Equal(subject, await services.CallForAsync(Users.Named(subject)));
                Interlocked.Increment(ref _answered);
            }
            catch (Exception failure) when (IsDocumented(failure))
            {
                _failures.AddOrUpdate(failure.GetType().Name, 1, (_, count) => count + 1);
            }

            if (random.NextDouble() < 0.1)
            {
                await KillAsync(backend, random, created.GetMeasurementSnapshot().Count);
            }
        }

        Interlocked.Decrement(ref _made);
    }

    /// <summary>Ends a session on the server, whoever uses it at this moment, if fewer have been ended than are meant to be.</summary>
    private async Task KillAsync(McpBackend backend, Random random, int opened)
    {
        if (Volatile.Read(ref _killed) >= opened * Killed || backend.LiveSessions is not { Count: > 0 } live)
        {
            return;
        }

        try
        {
            await backend.EndSessionAsync(live.ElementAt(random.Next(live.Count)));
            Interlocked.Increment(ref _killed);
        }
        catch (Exception gone) when (gone is HttpRequestException or KeyNotFoundException)
        {
            // The pool was faster.
        }
    }

    /// <summary>The errors that docs/sessions.md allows for a call on a session that the backend ends.</summary>
    private static bool IsDocumented(Exception failure) => failure
        is HttpRequestException { StatusCode: HttpStatusCode.NotFound or HttpStatusCode.InternalServerError }
        or McpException
        or ClientTransportClosedException
        or OperationCanceledException;

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            await tick.WaitForNextTickAsync(timeout.Token);
        }
    }

    private static MetricCollector<long> Collect(IServiceProvider services, string instrument) =>
        new(services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", $"mcp.identity.sessions.{instrument}");
}
