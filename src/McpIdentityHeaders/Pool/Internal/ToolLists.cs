using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>Lists a backend's tools, and keeps each user's list for as long as the backend allows (SEP-2549).</summary>
internal sealed class ToolLists(IMcpClientPool pool, TimeProvider time)
{
    private const int MaxLists = 1_000;

    private readonly Dictionary<(string Client, UserKey User), (AIFunction[] Tools, long Listed, TimeSpan TimeToLive)> _lists = [];
    private readonly Lock _gate = new();

    internal async ValueTask<IReadOnlyList<AIFunction>> GetAsync(string clientName, UserKey? user, CancellationToken cancellationToken)
    {
        if (user is { } known && Find((clientName, known)) is { } kept)
        {
            return kept;
        }

        McpClientLease lease = await pool.RentAsync(clientName, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            (AIFunction[] tools, TimeSpan timeToLive) = await ListAsync(lease.Client, clientName, cancellationToken).ConfigureAwait(false);

            // One anonymous caller's list is not another's.
            if (user is { } key && timeToLive > TimeSpan.Zero)
            {
                Keep((clientName, key), tools, timeToLive);
            }

            return tools;
        }
    }

    private async Task<(AIFunction[] Tools, TimeSpan TimeToLive)> ListAsync(McpClient client, string clientName, CancellationToken cancellationToken)
    {
        List<Tool> tools = [];
        TimeSpan timeToLive = TimeSpan.MaxValue;
        string? cursor = null;
        do
        {
            ListToolsResult page = await client.ListToolsAsync(new ListToolsRequestParams { Cursor = cursor }, cancellationToken).ConfigureAwait(false);
            tools.AddRange(page.Tools);

            // A list is as fresh as its stalest page. The scope does not matter: no list is ever another user's.
            TimeSpan pageTimeToLive = page.TimeToLive ?? TimeSpan.Zero;
            timeToLive = pageTimeToLive < timeToLive ? pageTimeToLive : timeToLive;
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        return ([.. tools.Select(tool => new RentingTool(new McpClientTool(client, tool), pool, clientName))], timeToLive);
    }

    private AIFunction[]? Find((string, UserKey) key)
    {
        lock (_gate)
        {
            return _lists.TryGetValue(key, out var list) && time.GetElapsedTime(list.Listed) < list.TimeToLive ? list.Tools : null;
        }
    }

    private void Keep((string, UserKey) key, AIFunction[] tools, TimeSpan timeToLive)
    {
        lock (_gate)
        {
            if (_lists.Count >= MaxLists)
            {
                foreach (var stale in _lists.Where(list => time.GetElapsedTime(list.Value.Listed) >= list.Value.TimeToLive).ToArray())
                {
                    _lists.Remove(stale.Key);
                }
            }

            // Full of fresh lists: this one is listed again next time.
            if (_lists.Count < MaxLists || _lists.ContainsKey(key))
            {
                _lists[key] = (tools, time.GetTimestamp(), timeToLive);
            }
        }
    }
}
