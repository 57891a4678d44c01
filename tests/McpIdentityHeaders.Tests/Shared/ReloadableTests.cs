using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Tests;

/// <summary>A value that is made anew while others read, change, subscribe and dispose: nobody waits for anybody for good.</summary>
public sealed class ReloadableTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task First_read_that_subscribes_during_a_notification_does_not_deadlock()
    {
        var told = new ConfigurationReloadSource();
        var reading = new TaskCompletionSource();
        var telling = new TaskCompletionSource();
        using var reloadable = new Reloadable<string>(
            _ =>
            {
                // As a ConfigureHttpClient does that asks for an IOptionsMonitor for the first time.
                reading.TrySetResult();
                Assert.True(telling.Task.Wait(Patience));
                ChangeToken.OnChange(told.Token, () => { }).Dispose();
                return "made";
            },
            [told.Token],
            changed: () => { },
            refused: _ => { });
        using IDisposable teller = ChangeToken.OnChange(told.Token, () => telling.TrySetResult());

        Task<string> read = Task.Run(() => reloadable.Value);
        await reading.Task.WaitAsync(Patience);
        Task change = Task.Run(told.Change);

        Assert.Equal("made", await read.WaitAsync(Patience));
        await change.WaitAsync(Patience);
    }

    [Fact]
    public async Task Concurrent_read_change_and_dispose_complete()
    {
        for (int i = 0; i < 300; i++)
        {
            var source = new ConfigurationReloadSource();

            // Many subscriptions, so that one's change is surely still being told when another's is made or disposed of.
            var reloadable = new Reloadable<string>(
                _ => "made", Enumerable.Repeat(source.Token, 20), changed: () => { }, refused: _ => { });

            await Task.WhenAll(
                Task.Run(() => reloadable.Value), Task.Run(source.Change), Task.Run(source.Change), Task.Run(reloadable.Dispose)).WaitAsync(Patience);
        }
    }

    [Fact]
    public void First_value_overtaken_by_a_change_is_created_again()
    {
        var source = new ConfigurationReloadSource();
        int made = 0;
        using var reloadable = new Reloadable<string>(
            _ =>
            {
                if (++made == 1)
                {
                    source.Change();
                }

                return $"value {made}";
            },
            [source.Token],
            changed: () => { },
            refused: _ => { });

        Assert.Equal("value 2", reloadable.Value);
    }

    [Fact]
    public void Value_overtaken_by_a_later_change_is_not_used()
    {
        var source = new ConfigurationReloadSource();
        int made = 0;
        using var reloadable = new Reloadable<string>(
            _ =>
            {
                int number = ++made;
                if (number == 2)
                {
                    source.Change();
                }

                return $"value {number}";
            },
            [source.Token],
            changed: () => { },
            refused: _ => { });
        Assert.Equal("value 1", reloadable.Value);

        source.Change();

        Assert.NotEqual("value 1", reloadable.Value);
        Assert.Equal($"value {made}", reloadable.Value);
    }

    [Fact]
    public void Exception_of_the_logger_does_not_reach_the_notifier()
    {
        var source = new ConfigurationReloadSource();
        using var reloadable = new Reloadable<string>(
            current => current is null ? "made" : throw new TimeoutException(),
            [source.Token],
            changed: () => { },
            refused: _ => throw new InvalidOperationException("the logger's"));
        Assert.Equal("made", reloadable.Value);

        source.Change();

        Assert.Equal("made", reloadable.Value);
    }

    /// <summary>Tells of changes as a configuration's root does: a new token first, and then the old one's subscribers.</summary>
    private sealed class ConfigurationReloadSource
    {
        private ConfigurationReloadToken _token = new();

        public Func<IChangeToken> Token => () => _token;

        public void Change() => Interlocked.Exchange(ref _token, new ConfigurationReloadToken()).OnReload();
    }
}
