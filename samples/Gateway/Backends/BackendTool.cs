using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Backends;

/// <summary>What the gateway has to know of a tool to pass on a call of it.</summary>
internal sealed class BackendTool : McpServerTool
{
    private BackendTool(Tool tool, bool needsTask)
    {
        ProtocolTool = tool;
        NeedsTask = needsTask;
    }

    public override Tool ProtocolTool { get; }

    public override IReadOnlyList<object> Metadata => [];

    /// <summary>Gets whether it cannot be called but as a task.</summary>
    public bool NeedsTask { get; }

    /// <summary>Reads a backend's tool; null where there is nothing to know of it.</summary>
    public static BackendTool? Read(JsonObject tool)
    {
        try
        {
            bool needsTask = InsistsOnTasks(tool);
            if (!needsTask && !HasHeaders(tool["inputSchema"] as JsonObject))
            {
                return null;
            }

            return new BackendTool(tool.Deserialize<Tool>(McpJsonUtilities.DefaultOptions)!, needsTask);
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception))
        {
            // What the backend lists is its own: one tool that is none must not take the list from the client.
            return null;
        }
    }

    public static bool InsistsOnTasks(JsonObject tool) =>
        tool["execution"] is JsonObject execution && execution["taskSupport"]?.ToString() == "required";

    public override ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("Calls go to the backend.");

    /// <summary>Whether a property at any depth is wanted as a header too (SEP-2243).</summary>
    private static bool HasHeaders(JsonObject? schema) =>
        (schema?["properties"] as JsonObject ?? []).Any(
            property => property.Value is JsonObject inner && (inner.ContainsKey("x-mcp-header") || HasHeaders(inner)));
}
