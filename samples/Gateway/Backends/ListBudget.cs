namespace Gateway.Backends;

/// <summary>How much of one backend's list is read: a list without an end has none to wait for, and no page has to be small.</summary>
internal sealed class ListBudget(GatewayLimits limits)
{
    private int _pages;
    private long _length;

    /// <summary>Counts what is kept of a page.</summary>
    public void Count(int length) => _length += length;

    /// <summary>Ends a page that another follows, and gives whether that is to be read.</summary>
    public bool HasRoomForNextPage() => ++_pages < limits.ListPages && _length <= limits.ResponseBytes;
}
