using System.Text.Json.Nodes;
using Gateway.Backends;
using ModelContextProtocol.Protocol;

namespace Gateway.Features;

/// <summary>Resources and their templates: two backends may have the same URI, so each has its backend's prefix in its scheme.</summary>
internal sealed class ResourceFeature(BackendDirectory backends, BackendClient client, BackendLists lists) : IFeature
{
    public IReadOnlyDictionary<string, FeatureHandler> Handlers => new Dictionary<string, FeatureHandler>
    {
        [RequestMethods.ResourcesList] = ListAsync,
        [RequestMethods.ResourcesTemplatesList] = ListTemplatesAsync,
        [RequestMethods.ResourcesRead] = ReadAsync,
    };

    private Task<JsonObject> ListAsync(CallerRequest request, CancellationToken cancellationToken) =>
        lists.ListAsync<Resource>(request, "resources", HasResources, (prefix, found) => Qualify(prefix, found, "uri"), cancellationToken);

    private Task<JsonObject> ListTemplatesAsync(CallerRequest request, CancellationToken cancellationToken) =>
        lists.ListAsync<ResourceTemplate>(
            request, "resourceTemplates", HasResources, (prefix, found) => Qualify(prefix, found, "uriTemplate"), cancellationToken);

    private Task<JsonObject> ReadAsync(CallerRequest request, CancellationToken cancellationToken)
    {
        (string prefix, string uri) = backends.ResolveUri(request.GetString("uri"));
        request.Params["uri"] = uri;

        return client.SendAsync(prefix, request.Method, request.Params, request, cancellationToken, QualifyContents);
    }

    private static void QualifyContents(string prefix, JsonObject result)
    {
        foreach (JsonNode? contents in result["contents"] as JsonArray ?? [])
        {
            BackendUris.Qualify(prefix, contents, "uri");
        }
    }

    private static bool HasResources(ServerCapabilities capabilities) => capabilities.Resources is not null;

    private static JsonObject Qualify(string prefix, JsonObject found, string property)
    {
        BackendUris.Qualify(prefix, found, property);
        return found;
    }
}
