using System.Collections.ObjectModel;
using System.Security.Claims;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>Lists a backend's tools, and keeps each user's list for as long as the backend allows (SEP-2549).</summary>
internal sealed class ToolLists(TimeProvider time) : IToolLists
{
    private const int MaxLists = 1_000;

    private readonly Dictionary<(string Client, UserKey User), CachedToolList> _lists = [];
    private readonly Lock _gate = new();
    private int _removals;

    public async ValueTask<IReadOnlyList<AIFunction>> GetAsync(
        IMcpClientPool pool, SessionPool sessions, ClaimsPrincipal? user, CancellationToken cancellationToken)
    {
        HttpClientTransportOptions transport = sessions.Transport;
        UserKey? key = sessions.ReadKey(user);
        int removals = Volatile.Read(ref _removals);
        if (key is { } known && Find((sessions.ClientName, known), user!, transport) is { } cached)
        {
            return cached;
        }

        // Snapshot: claims that are added meanwhile are not those that the backend is shown.
        CachedToolList? list = key is null ? null : new CachedToolList(user!, transport, time.GetTimestamp());
        McpClientLease lease = await sessions.RentAsync(user, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            (ReadOnlyCollection<AIFunction> tools, TimeSpan timeToLive) =
                await ListAsync(lease.Client, pool, sessions.ClientName, cancellationToken).ConfigureAwait(false);

            // One anonymous caller's list is not another's.
            if (list is not null && timeToLive > TimeSpan.Zero)
            {
                list.Set(tools, timeToLive);
                Add((sessions.ClientName, key.GetValueOrDefault()), list, removals);
            }

            return tools;
        }
    }

    public void Remove(string clientName, HashSet<UserKey> users)
    {
        lock (_gate)
        {
            _removals++;
            foreach ((string, UserKey) key in _lists.Keys
                .Where(key => key.Client == clientName && users.Contains(key.User.ForClosing())).ToArray())
            {
                _lists.Remove(key);
            }
        }
    }

    private static async Task<(ReadOnlyCollection<AIFunction> Tools, TimeSpan TimeToLive)> ListAsync(
        McpClient client, IMcpClientPool pool, string clientName, CancellationToken cancellationToken)
    {
        List<AIFunction> tools = [];
        TimeSpan timeToLive = TimeSpan.MaxValue;
        string? cursor = null;
        do
        {
            var parameters = new ListToolsRequestParams { Cursor = cursor };
            ListToolsResult page = await client.ListToolsAsync(parameters, cancellationToken).ConfigureAwait(false);
            tools.AddRange(page.Tools.Where(tool => IsCallable(client, tool)).Select(tool => new RentingTool(tool, pool, clientName)));

            // A list is as fresh as its stalest page. The scope does not matter: no list is ever another user's.
            TimeSpan pageTimeToLive = page.TimeToLive ?? TimeSpan.Zero;
            timeToLive = pageTimeToLive < timeToLive ? pageTimeToLive : timeToLive;
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        return (tools.AsReadOnly(), timeToLive);
    }

    /// <summary>Whether a tool's x-mcp-header is valid. The SDK leaves others out of its lists, and tells in no other way.</summary>
    private static bool IsCallable(McpClient client, Tool tool)
    {
        try
        {
            client.AddKnownTools([tool]);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private IReadOnlyList<AIFunction>? Find((string, UserKey) key, ClaimsPrincipal user, HttpClientTransportOptions transport)
    {
        CachedToolList? list;
        lock (_gate)
        {
            list = _lists.GetValueOrDefault(key);
        }

        return list?.IsFresh(time) == true && list.IsFor(user, transport) ? list.Tools : null;
    }

    private void Add((string, UserKey) key, CachedToolList list, int removals)
    {
        lock (_gate)
        {
            // A sign-out drops what is being listed, too: it may be of a user who has gone.
            if (removals != _removals)
            {
                return;
            }

            if (_lists.Count >= MaxLists && !_lists.ContainsKey(key))
            {
                _lists.Remove(_lists.MinBy(cached => cached.Value.Listed).Key);
            }

            _lists[key] = list;
        }
    }
}
