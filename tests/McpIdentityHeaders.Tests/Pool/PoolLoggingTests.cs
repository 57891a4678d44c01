using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What the pool logs, and what it never does.</summary>
public sealed class PoolLoggingTests
{
    private const string Secret = "s3cr3t-of-alice";

    private static readonly ClaimsPrincipal User = Users.With(
        ("sub", Secret),
        ("iss", $"https://{Secret}.test"),
        ("email", $"{Secret}@example.com"),
        ("name", $"José {Secret}"),
        ("iat", "1234567890123"));

    private readonly FakeLogCollector _logs;
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _endIsLogged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _deleteIsHeld = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isDeleteHeld;

    public PoolLoggingTests() => _logs = FakeLogCollector.Create(new FakeLogCollectorOptions
    {
        CollectRecordsForDisabledLogLevels = true,
        OutputSink = line => _ = line.Contains("the backend ended a session", StringComparison.Ordinal) && _endIsLogged.TrySetResult(),
    });

    [Fact]
    public async Task Session_that_the_backend_ended_is_logged_with_its_client()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = ServicesFor(backend);
        await services.CallForAsync(User, "ping");

        await EndAsync(backend, services);

        FakeLogRecord ended = Assert.Single(Named("SessionEnded"));
        Assert.Equal((13, LogLevel.Information), (ended.Id.Id, ended.Level));
        Assert.Equal("McpIdentityHeaders.IMcpClientPool", ended.Category);
        Assert.Equal(McpTesting.ClientName, ended.GetStructuredStateValue("Client"));
    }

    [Fact]
    public async Task Session_that_the_pool_closes_is_not_logged_as_ended_by_the_backend()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceProvider services = ServicesFor(backend);
        await services.CallForAsync(User, "ping");
        await services.CallForAsync(null);
        await services.Pool().CloseAsync(User);
        await services.CallForAsync(User, "ping");

        await services.DisposeAsync();

        Assert.DoesNotContain(_logs.GetSnapshot(), record => record.Id.Name is "SessionEnded" or "SessionNotClosedInTime");
    }

    [Fact]
    public async Task Session_left_at_disposal_is_deleted_though_headers_are_logged()
    {
        // The factory's logging asks for each header whether to redact it, when the container has nothing to give any more.
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceProvider services = ServicesFor(backend);
        await services.CallForAsync(User, "ping");

        await services.DisposeAsync();

        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Session_whose_closing_takes_too_long_is_given_up_with_a_warning()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, HoldDeleteAsync);
        await using ServiceProvider services = ServicesFor(backend);
        await services.CallForAsync(User, "ping");

        await CloseAfterTimeoutAsync(services);

        FakeLogRecord warning = Assert.Single(Named("SessionNotClosedInTime"));
        Assert.Equal((14, LogLevel.Warning), (warning.Id.Id, warning.Level));
        Assert.Equal(McpTesting.ClientName, warning.GetStructuredStateValue("Client"));
        Assert.Contains("McpClientPoolOptions.CloseTimeout", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_value_is_in_no_log_line_at_any_level_and_in_no_error()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, HoldDeleteAsync);
        await using ServiceProvider services = ServicesFor(backend, pool => pool.MaxSessions = 1);

        await services.CallForAsync(User, "ping");
        await EndAsync(backend, services);
        await using (McpClientLease lease = await services.RentForAsync(User))
        {
            // Another user's call, a rent above the maximum, and a principal of two users.
            AssertNotQuoted(await Assert.ThrowsAsync<ClaimInjectionException>(
                () => AmbientIdentity.RunAsync(Users.Bob, () => lease.Client.CallTextAsync("ping"))));
            AssertNotQuoted(await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.CallForAsync(Users.Bob)));
            AssertNotQuoted(await Assert.ThrowsAnyAsync<InvalidOperationException>(
                () => services.CallForAsync(new ClaimsPrincipal([.. User.Identities, Users.SignedIn(("sub", $"{Secret}-2"))]))));
            AssertNotQuoted(
                await Assert.ThrowsAnyAsync<InvalidOperationException>(() => services.CallForAsync(Users.With(("email", Secret)))));
        }

        await CloseAfterTimeoutAsync(services);

        Assert.Contains(backend.Exchanges, exchange => exchange.Subject == Secret);
        Assert.Contains(_logs.GetSnapshot(), record => record.Level == LogLevel.Trace);
        AssertNotQuoted();
    }

    /// <summary>The client learns of the end by its next call, or sooner by its stream.</summary>
    private async Task EndAsync(McpBackend backend, ServiceProvider services)
    {
        await using (McpClientLease lease = await services.RentForAsync(User))
        {
            await backend.EndSessionAsync(Assert.Single(backend.LiveSessions));
            await Assert.ThrowsAnyAsync<Exception>(() => lease.Client.CallTextAsync("ping"));
        }

        // The next rent detects the end, unless the stream did.
        await services.CallForAsync(User, "ping");
        await _endIsLogged.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private async Task CloseAfterTimeoutAsync(ServiceProvider services)
    {
        _isDeleteHeld = true;
        Task closing = services.Pool().CloseAsync(User);
        await _deleteIsHeld.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.False(closing.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(5));
        await closing;
    }

    private Task HoldDeleteAsync(HttpContext context, RequestDelegate next)
    {
        if (!_isDeleteHeld || context.Request.Method != HttpMethods.Delete)
        {
            return next(context);
        }

        _deleteIsHeld.TrySetResult();
        return Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }

    private ServiceProvider ServicesFor(McpBackend backend, Action<McpClientPoolOptions>? configure = null)
    {
        ServiceCollection services = McpTesting.ServicesFor(backend);
        services.AddSingleton<TimeProvider>(_time);
        services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(_logs)).SetMinimumLevel(LogLevel.Trace));
        services.ConfigurePool(configure ?? (_ => { }));
        return services.BuildServiceProvider();
    }

    private IEnumerable<FakeLogRecord> Named(string eventName) => _logs.GetSnapshot().Where(record => record.Id.Name == eventName);

    private static void AssertNotQuoted(Exception exception) =>
        Assert.DoesNotContain(Secret, exception.ToString(), StringComparison.Ordinal);

    private void AssertNotQuoted()
    {
        string encoded = Convert.ToBase64String("José "u8);
        foreach (FakeLogRecord record in _logs.GetSnapshot())
        {
            string all = string.Join('\n', [
                record.Message,
                record.Exception?.ToString(),
                .. record.StructuredState?.Select(pair => pair.Value) ?? [],
                .. record.Scopes.Select(scope => scope?.ToString())]);
            Assert.All([Secret, encoded, "1234567890123"], value => Assert.DoesNotContain(value, all, StringComparison.Ordinal));
        }
    }
}
