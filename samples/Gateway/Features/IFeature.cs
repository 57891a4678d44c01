using System.Text.Json.Nodes;

namespace Gateway.Features;

/// <summary>Handles a request of a client.</summary>
/// <returns>The result, as it goes to the client.</returns>
internal delegate Task<JsonObject> FeatureHandler(CallerRequest request, CancellationToken cancellationToken);

/// <summary>A kind of what MCP servers offer, passed on to the backends.</summary>
internal interface IFeature
{
    /// <summary>Gets the methods of the protocol that belong to it.</summary>
    IReadOnlyDictionary<string, FeatureHandler> Handlers { get; }
}
