using System.Text.Json.Nodes;
using Gateway.Backends;
using ModelContextProtocol.Protocol;

namespace Gateway.Features;

/// <summary>Tools: each under its backend's prefix, called as the user of the moment.</summary>
internal sealed class ToolFeature(BackendDirectory backends, BackendClient client, BackendLists lists, BackendTools tools) : IFeature
{
    public IReadOnlyDictionary<string, FeatureHandler> Handlers => new Dictionary<string, FeatureHandler>
    {
        [RequestMethods.ToolsList] = ListAsync,
        [RequestMethods.ToolsCall] = CallAsync,
    };

    private Task<JsonObject> ListAsync(CallerRequest request, CancellationToken cancellationToken) => lists.ListAsync<Tool>(
        request,
        "tools",
        has => has.Tools is not null,
        (prefix, tool) => Qualify(prefix, tool, request),
        cancellationToken,
        onListed: tools.Keep);

    private async Task<JsonObject> CallAsync(CallerRequest request, CancellationToken cancellationToken)
    {
        (string prefix, string tool) = backends.Resolve(request.GetString("name"), "tool");
        request.Params["name"] = tool;
        request.Params.Remove("task");
        try
        {
            JsonObject result = await client.SendAsync(
                prefix, request.Method, request.Params, request, cancellationToken,
                (from, called) => BackendUris.QualifyContent(from, called["content"]));
            ProtocolRevisions.AdaptToolResult(result, request);
            return result;
        }
        catch (BackendUnavailableException exception)
        {
            // A model reads results, and may do without this tool. An error of the protocol ends its turn.
            return new JsonObject
            {
                ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = exception.Message }),
                ["isError"] = true,
            };
        }
    }

    private static JsonObject? Qualify(string prefix, JsonObject tool, CallerRequest request)
    {
        // Tasks are not passed on, and so a tool that insists on them cannot be called.
        if (BackendTool.InsistsOnTasks(tool))
        {
            return null;
        }

        // What allows tasks is called without them, which is what a tool without the setting says.
        if (tool["execution"] is JsonObject execution && execution["taskSupport"]?.ToString() == "optional")
        {
            execution.Remove("taskSupport");
            if (execution.Count == 0)
            {
                tool.Remove("execution");
            }
        }

        tool["name"] = BackendDirectory.Qualify(prefix, (string)tool["name"]!);
        BackendUris.QualifyMeta(prefix, tool["_meta"]);
        ProtocolRevisions.AdaptTool(tool, request);
        return tool;
    }
}
