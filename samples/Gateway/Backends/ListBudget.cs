using System.Text.Json.Nodes;

namespace Gateway.Backends;

/// <summary>How much of one backend's list is read: a list without an end has none to wait for, and no page has to be small.</summary>
internal sealed class ListBudget(GatewayLimits limits)
{
    private int _pages;
    private long _length;

    /// <summary>Counts a page that another follows, and gives whether that is to be read.</summary>
    public bool HasRoomAfter(JsonNode page)
    {
        _length += page.ToJsonString().Length;
        return ++_pages < limits.ListPages && _length <= limits.ResponseBytes;
    }
}
