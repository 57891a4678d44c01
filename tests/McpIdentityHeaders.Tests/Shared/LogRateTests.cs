using McpIdentityHeaders.Internal;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests;

/// <summary>Lines that repeat are logged at a bounded rate, and what is left out is counted.</summary>
public sealed class LogRateTests
{
    [Fact]
    public void Ten_lines_a_minute_are_logged_and_the_next_counts_what_was_left_out()
    {
        var time = new FakeTimeProvider();
        var rate = new LogRate(time);

        Assert.Equal(10, Enumerable.Range(0, 1_000).Count(_ => rate.TryTake(out long none)));
        time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        Assert.False(rate.TryTake(out _));

        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(rate.TryTake(out long leftOut));
        Assert.Equal(991, leftOut);
        Assert.True(rate.TryTake(out leftOut));
        Assert.Equal(0, leftOut);
    }

    [Fact]
    public async Task Concurrent_lines_are_bounded_and_none_is_lost_from_the_count()
    {
        var time = new FakeTimeProvider();
        var rate = new LogRate(time);

        bool[] taken = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => Task.Run(() => rate.TryTake(out long none))));
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(10, taken.Count(isTaken => isTaken));
        Assert.True(rate.TryTake(out long leftOut));
        Assert.Equal(990, leftOut);
    }
}
