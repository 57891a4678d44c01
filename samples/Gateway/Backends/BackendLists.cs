using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Features;
using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>Lists what all backends have, as the user of the moment sees it.</summary>
/// <remarks>Nothing is kept: backends show each user other things, and change them.</remarks>
internal sealed class BackendLists(BackendDirectory backends, BackendClient client, GatewayLimits limits, ILogger<BackendLists> logger)
{
    /// <summary>Lists. One backend that fails, or lists what cannot be read, must not hide the others.</summary>
    /// <typeparam name="TItem">What an item is. A client that cannot read one refuses the list, with all that others have.</typeparam>
    /// <param name="request">What is listed, and for whom.</param>
    /// <param name="property">Where the result has its items.</param>
    /// <param name="has">Whether a backend has such items at all.</param>
    /// <param name="qualify">Makes a backend's item the gateway's; null leaves it out.</param>
    /// <param name="cancellationToken">Cancels the list.</param>
    /// <param name="onListed">Gets the items of each backend that could be asked, as the backend names them.</param>
    /// <exception cref="McpProtocolException">There is no such page: lists are given whole.</exception>
    /// <exception cref="BackendUnavailableException">
    /// No backend could be asked, or nothing was found for a fault of the caller's identity.
    /// </exception>
    public async Task<JsonObject> ListAsync<TItem>(
        CallerRequest request,
        string property,
        Func<ServerCapabilities, bool> has,
        Func<string, JsonObject, JsonObject?> qualify,
        CancellationToken cancellationToken,
        Action<string, IEnumerable<JsonObject>>? onListed = null)
    {
        if (request.Params["cursor"] is not null)
        {
            throw new McpProtocolException(
                "The parameter 'cursor' is none that the gateway gave: its lists have one page.", McpErrorCode.InvalidParams);
        }

        Part[] parts = await Task.WhenAll(
            backends.Prefixes.Select(prefix => ListAsync<TItem>(prefix, request, property, has, cancellationToken)));

        foreach (Part part in parts.Where(part => part.Error is null))
        {
            onListed?.Invoke(part.Prefix, part.Items);
        }

        List<JsonObject> items =
        [
            .. parts.SelectMany(part => part.Items.Select(item => TryRead<TItem>(part.Prefix, () => qualify(part.Prefix, item))))
                .OfType<JsonObject>(),
        ];
        List<BackendUnavailableException> errors = [.. parts.Select(part => part.Error).OfType<BackendUnavailableException>()];
        BackendUnavailableException? ofIdentity = errors.Find(error => error.IsOfIdentity);
        if (errors.Count == parts.Length || (items.Count == 0 && ofIdentity is not null))
        {
            throw ofIdentity ?? errors[0];
        }

        return new JsonObject { [property] = new JsonArray([.. items]) };
    }

    /// <summary>Reads an item, or gives null where it is none.</summary>
    private JsonObject? TryRead<TItem>(string prefix, Func<JsonObject?> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception))
        {
            Log.ItemLeftOut(logger, prefix, typeof(TItem).Name, exception);
            return null;
        }
    }

    private async Task<Part> ListAsync<TItem>(
        string prefix, CallerRequest request, string property, Func<ServerCapabilities, bool> has, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.ListTimeout);
        try
        {
            await using McpClientLease lease = await client.RentAsync(prefix, request, timeout.Token);
            bool isAsked = has(lease.Client.ServerCapabilities);
            return new Part(prefix, isAsked ? await ReadPagesAsync<TItem>(prefix, request, property, timeout.Token) : []);
        }
        catch (BackendUnavailableException exception)
        {
            return new Part(prefix, [], exception);
        }
        catch (Exception exception) when (
            exception is BackendErrorException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Log.BackendFailed(logger, prefix, exception);
            return new Part(prefix, [], BackendErrors.Describe(prefix, exception));
        }
    }

    private async Task<IReadOnlyList<JsonObject>> ReadPagesAsync<TItem>(
        string prefix, CallerRequest request, string property, CancellationToken cancellationToken)
    {
        List<JsonObject> items = [];
        var budget = new ListBudget(limits);
        JsonNode? cursor = null;
        while (true)
        {
            var parameters = new JsonObject();
            if (cursor is not null)
            {
                parameters["cursor"] = cursor.DeepClone();
            }

            JsonObject result = await client.SendAsync(prefix, request.Method, parameters, request, cancellationToken);
            cursor = result["nextCursor"];
            items.AddRange(Detach(result[property] as JsonArray)
                .Select(item => TryRead<TItem>(prefix, () => Check<TItem>(item, budget)))
                .OfType<JsonObject>());
            bool isCutShort = cursor is not null && !budget.HasRoomForNextPage();
            if (isCutShort)
            {
                // What was read is worth more than nothing.
                Log.ListCutShort(logger, prefix, request.Method, limits.ListPages, limits.ResponseBytes);
            }

            if (cursor is null || isCutShort)
            {
                return items;
            }
        }
    }

    /// <summary>Takes the items out of the list that they came in.</summary>
    private static List<JsonObject> Detach(JsonArray? items)
    {
        List<JsonObject> found = [.. (items ?? []).OfType<JsonObject>()];
        items?.Clear();
        return found;
    }

    /// <summary>Counts an item, and reads it as a client does.</summary>
    private static JsonObject Check<TItem>(JsonObject item, ListBudget budget)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(item);
        budget.Count(text.Length);
        _ = JsonSerializer.Deserialize<TItem>(text, McpJsonUtilities.DefaultOptions);
        return item;
    }

    private sealed record Part(string Prefix, IReadOnlyList<JsonObject> Items, BackendUnavailableException? Error = null);
}
