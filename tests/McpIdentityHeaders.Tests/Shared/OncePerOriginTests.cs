using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Tests;

/// <summary>Each origin is first once, up to a limit.</summary>
public sealed class OncePerOriginTests
{
    private const int Limit = 1000;

    private readonly OncePerOrigin _once = new();

    [Fact]
    public void Origin_is_first_once()
    {
        Assert.True(_once.IsFirst(OriginOf(1)));
        Assert.False(_once.IsFirst(OriginOf(1)));
        Assert.True(_once.IsFirst(OriginOf(2)));
    }

    [Fact]
    public void Origin_beyond_the_limit_is_not_first()
    {
        Assert.All(Enumerable.Range(0, Limit), number => Assert.True(_once.IsFirst(OriginOf(number))));

        Assert.False(_once.IsFirst(OriginOf(Limit)));
        Assert.False(_once.IsFirst(OriginOf(Limit)));
        Assert.False(_once.IsFirst(OriginOf(Limit + 1)));
        Assert.False(_once.IsFirst(OriginOf(0)));
    }

    [Fact]
    public void Origins_beyond_the_limit_are_not_stored()
    {
        Assert.All(Enumerable.Range(0, Limit), number => Assert.True(_once.IsFirst(OriginOf(number))));
        Origin[] beyond = [.. Enumerable.Range(Limit, Limit).Select(OriginOf)];
        _once.IsFirst(beyond[0]);

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (Origin origin in beyond)
        {
            _once.IsFirst(origin);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Origin OriginOf(int number) => new(new Uri($"https://host-{number}.test"));
}
