namespace McpIdentityHeaders.Benchmarks.Assertions;

/// <summary>A clock that goes on by a minute with each look: no assertion is young enough to be sent again.</summary>
internal sealed class MinuteClock : TimeProvider
{
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    public override DateTimeOffset GetUtcNow() => _now += TimeSpan.FromMinutes(1);
}
