using System.Text.Json.Nodes;
using Gateway.Backends;
using ModelContextProtocol.Protocol;

namespace Gateway.Features;

/// <summary>Completions of the arguments of prompts and of resource templates.</summary>
internal sealed class CompletionFeature(BackendDirectory backends, BackendClient client) : IFeature
{
    public IReadOnlyDictionary<string, FeatureHandler> Handlers => new Dictionary<string, FeatureHandler>
    {
        [RequestMethods.CompletionComplete] = CompleteAsync,
    };

    private Task<JsonObject> CompleteAsync(CallerRequest request, CancellationToken cancellationToken)
    {
        JsonObject reference = request.GetObject("ref");
        string prefix;
        if (reference.ContainsKey("uri"))
        {
            (prefix, reference["uri"]) = backends.ResolveUri(CallerRequest.GetString(reference, "uri"));
        }
        else
        {
            (prefix, reference["name"]) = backends.Resolve(CallerRequest.GetString(reference, "name"), "prompt");
        }

        return client.SendAsync(prefix, request.Method, request.Params, request, cancellationToken);
    }
}
