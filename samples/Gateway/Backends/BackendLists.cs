using System.Text.Json.Nodes;
using Gateway.Features;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>Lists what all backends have, as the user of the moment sees it.</summary>
/// <remarks>Nothing is kept: backends show each user other things, and change them.</remarks>
internal sealed class BackendLists(BackendDirectory backends, BackendClient client)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <param name="request">What is listed, and for whom.</param>
    /// <param name="property">Where the result has its items.</param>
    /// <param name="has">Whether a backend has such items at all.</param>
    /// <param name="qualify">Makes a backend's item the gateway's; null leaves it out.</param>
    /// <param name="cancellationToken">Cancels the list.</param>
    public async Task<JsonObject> ListAsync(
        CallerRequest request,
        string property,
        Func<ServerCapabilities, bool> has,
        Func<string, JsonObject, JsonObject?> qualify,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<JsonObject>[] lists = await Task.WhenAll(
            backends.Prefixes.Select(prefix => ListAsync(prefix, request, property, has, qualify, cancellationToken)));
        return new JsonObject { [property] = new JsonArray([.. lists.SelectMany(list => list)]) };
    }

    private async Task<IReadOnlyList<JsonObject>> ListAsync(
        string prefix,
        CallerRequest request,
        string property,
        Func<ServerCapabilities, bool> has,
        Func<string, JsonObject, JsonObject?> qualify,
        CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            if (!has(await client.GetCapabilitiesAsync(prefix, timeout.Token)))
            {
                return [];
            }

            List<JsonObject> items = [];
            JsonNode? cursor = null;
            do
            {
                var page = new JsonObject();
                if (cursor is not null)
                {
                    page["cursor"] = cursor.DeepClone();
                }

                JsonObject result = await client.SendAsync(prefix, request.Method, page, request, timeout.Token);
                cursor = result["nextCursor"];
                items.AddRange(Detach(result[property] as JsonArray));
            }
            while (cursor is not null);

            return [.. items.Select(item => qualify(prefix, item)).OfType<JsonObject>()];
        }
        catch (Exception exception) when (
            exception is BackendUnavailableException or BackendErrorException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            // One backend that is down must not hide the others.
            return [];
        }
    }

    /// <summary>Takes the items out of the list that they came in.</summary>
    private static List<JsonObject> Detach(JsonArray? items)
    {
        List<JsonObject> found = [.. (items ?? []).OfType<JsonObject>()];
        items?.Clear();
        return found;
    }
}
