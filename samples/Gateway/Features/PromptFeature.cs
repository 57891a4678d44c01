using System.Text.Json.Nodes;
using Gateway.Backends;
using ModelContextProtocol.Protocol;

namespace Gateway.Features;

/// <summary>Prompts: each under its backend's prefix.</summary>
internal sealed class PromptFeature(BackendDirectory backends, BackendClient client, BackendLists lists) : IFeature
{
    public IReadOnlyDictionary<string, FeatureHandler> Handlers => new Dictionary<string, FeatureHandler>
    {
        [RequestMethods.PromptsList] = ListAsync,
        [RequestMethods.PromptsGet] = GetAsync,
    };

    private Task<JsonObject> ListAsync(CallerRequest request, CancellationToken cancellationToken) =>
        lists.ListAsync<Prompt>(request, "prompts", capabilities => capabilities.Prompts is not null, Qualify, cancellationToken);

    private Task<JsonObject> GetAsync(CallerRequest request, CancellationToken cancellationToken)
    {
        (string prefix, string prompt) = backends.Resolve(request.GetString("name"), "prompt");
        request.Params["name"] = prompt;

        return client.SendAsync(prefix, request.Method, request.Params, request, cancellationToken, QualifyMessages);
    }

    private static void QualifyMessages(string prefix, JsonObject result)
    {
        foreach (JsonNode? message in result["messages"] as JsonArray ?? [])
        {
            BackendUris.QualifyContent(prefix, message?["content"]);
        }
    }

    private static JsonObject Qualify(string prefix, JsonObject prompt)
    {
        prompt["name"] = BackendDirectory.Qualify(prefix, (string)prompt["name"]!);
        return prompt;
    }
}
