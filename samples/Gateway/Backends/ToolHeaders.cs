using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>The tools whose arguments a backend wants in headers too (SEP-2243), by what it says in its list of tools.</summary>
internal sealed class ToolHeaders
{
    // Where the SDK's transport looks for the definition of the tool that is called.
    private const string ToolItem = "Mcp.Tool";

    private readonly ConcurrentDictionary<(string Prefix, string Name), Tool> _tools = new();

    /// <summary>Adds what is known of the tool to a call of it.</summary>
    public void Add(string prefix, JsonRpcRequest request)
    {
        if (request.Method == RequestMethods.ToolsCall
            && (request.Params as JsonObject)?["name"] is JsonValue name
            && _tools.TryGetValue((prefix, name.ToString()), out Tool? tool))
        {
            request.Context = new JsonRpcMessageContext { Items = new Dictionary<string, object?> { [ToolItem] = tool } };
        }
    }

    /// <summary>Learns a backend's tools from its list.</summary>
    public async Task LearnAsync(string prefix, McpClient session, CancellationToken cancellationToken)
    {
        foreach (McpClientTool tool in await session.ListToolsAsync(cancellationToken: cancellationToken))
        {
            _tools[(prefix, tool.Name)] = tool.ProtocolTool;
        }
    }
}
