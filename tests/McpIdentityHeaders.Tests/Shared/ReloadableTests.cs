using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Tests;

/// <summary>A value that is reloaded during concurrent reads, changes, subscriptions and disposal: no deadlock.</summary>
public sealed class ReloadableTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task First_read_that_subscribes_during_a_notification_does_not_deadlock()
    {
        var source = new ConfigurationReloadSource();
        var reading = new TaskCompletionSource();
        var notifying = new TaskCompletionSource();
        using var reloadable = new Reloadable<string>(
            _ =>
            {
                // As a ConfigureHttpClient delegate that resolves an IOptionsMonitor for the first time.
                reading.TrySetResult();
                Assert.True(notifying.Task.Wait(Patience));
                ChangeToken.OnChange(source.Token, () => { }).Dispose();
                return "value";
            },
            [source.Token],
            changed: () => { },
            rejected: _ => { });
        using IDisposable subscription = ChangeToken.OnChange(source.Token, () => notifying.TrySetResult());

        Task<string> read = Task.Run(() => reloadable.Value);
        await reading.Task.WaitAsync(Patience);
        Task change = Task.Run(source.Change);

        Assert.Equal("value", await read.WaitAsync(Patience));
        await change.WaitAsync(Patience);
    }

    [Fact]
    public async Task Concurrent_read_change_and_dispose_complete()
    {
        for (int i = 0; i < 300; i++)
        {
            var source = new ConfigurationReloadSource();

            // Many subscriptions: one is still being notified while another is added or disposed.
            var reloadable = new Reloadable<string>(
                _ => "value", Enumerable.Repeat(source.Token, 20), changed: () => { }, rejected: _ => { });

            await Task.WhenAll(
                Task.Run(() => reloadable.Value),
                Task.Run(source.Change),
                Task.Run(source.Change),
                Task.Run(reloadable.Dispose)).WaitAsync(Patience);
        }
    }

    [Fact]
    public void First_value_overtaken_by_a_change_is_created_again()
    {
        var source = new ConfigurationReloadSource();
        int created = 0;
        using var reloadable = new Reloadable<string>(
            _ =>
            {
                if (++created == 1)
                {
                    source.Change();
                }

                return $"value {created}";
            },
            [source.Token],
            changed: () => { },
            rejected: _ => { });

        Assert.Equal("value 2", reloadable.Value);
    }

    [Fact]
    public void Value_overtaken_by_a_later_change_is_not_used()
    {
        var source = new ConfigurationReloadSource();
        int created = 0;
        using var reloadable = new Reloadable<string>(
            _ =>
            {
                int number = ++created;
                if (number == 2)
                {
                    source.Change();
                }

                return $"value {number}";
            },
            [source.Token],
            changed: () => { },
            rejected: _ => { });
        Assert.Equal("value 1", reloadable.Value);

        source.Change();

        Assert.NotEqual("value 1", reloadable.Value);
        Assert.Equal($"value {created}", reloadable.Value);
    }

    [Fact]
    public void Exception_of_the_logger_does_not_reach_the_notifier()
    {
        var source = new ConfigurationReloadSource();
        using var reloadable = new Reloadable<string>(
            current => current is null ? "value" : throw new TimeoutException(),
            [source.Token],
            changed: () => { },
            rejected: _ => throw new InvalidOperationException("the logger failed"));
        Assert.Equal("value", reloadable.Value);

        source.Change();

        Assert.Equal("value", reloadable.Value);
    }

    /// <summary>Notifies as a ConfigurationRoot does: installs a new token first, then notifies the old one's subscribers.</summary>
    private sealed class ConfigurationReloadSource
    {
        private ConfigurationReloadToken _token = new();

        public Func<IChangeToken> Token => () => _token;

        public void Change() => Interlocked.Exchange(ref _token, new ConfigurationReloadToken()).OnReload();
    }
}
