using System.Collections.Concurrent;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The tools that an SDK client knows, for the <c>Mcp-Param</c> headers of their calls (SEP-2243). By itself it learns them from its own
/// listing only, and not from that of a client in front of it.
/// </summary>
/// <param name="client">The SDK's client.</param>
internal sealed class KnownTools(McpClient client)
{
    private readonly ConcurrentDictionary<string, Tool> _tools = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">A tool's x-mcp-header is not valid. None was added.</exception>
    internal void Add(IReadOnlyCollection<Tool> tools)
    {
        client.AddKnownTools(tools);
        foreach (Tool tool in tools)
        {
            _tools[tool.Name] = tool;
        }
    }

    /// <summary>Adds a page of the backend's tools. The first page also removes what it does not hold, as the SDK's listing does.</summary>
    internal void AddPage(IEnumerable<Tool> tools, bool isFirst)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (Tool tool in tools)
        {
            names.Add(tool.Name);
            TryAdd(tool);
        }

        if (isFirst)
        {
            Remove([.. _tools.Keys.Where(name => !names.Contains(name))]);
        }
    }

    internal void Ensure(Tool tool)
    {
        if (!_tools.TryGetValue(tool.Name, out Tool? known) || known != tool)
        {
            TryAdd(tool);
        }
    }

    internal void Remove(IReadOnlyCollection<string> names)
    {
        foreach (string name in names)
        {
            _tools.TryRemove(name, out _);
        }

        client.RemoveKnownTools(names);
    }

    private void TryAdd(Tool tool)
    {
        try
        {
            Add([tool]);
        }
        catch (ArgumentException)
        {
            // The SDK has logged what is wrong with its x-mcp-header. It leaves such a tool out of its lists.
        }
    }
}
