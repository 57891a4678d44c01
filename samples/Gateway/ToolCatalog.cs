using McpIdentityHeaders;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway;

/// <summary>Lists the tools of all backends, as the user of the moment sees them.</summary>
/// <remarks>Nothing is kept: backends show each user other tools, and change them.</remarks>
internal sealed class ToolCatalog(BackendDirectory backends, IMcpClientPool clients, ILogger<ToolCatalog> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async ValueTask<ListToolsResult> ListAsync(RequestContext<ListToolsRequestParams> request, CancellationToken cancellationToken)
    {
        IReadOnlyList<Tool>[] lists = await Task.WhenAll(backends.Prefixes.Select(prefix => ListAsync(prefix, cancellationToken)));
        IEnumerable<Tool> tools = lists.SelectMany(list => list);

        return new ListToolsResult
        {
            Tools = [.. OlderClients.AreAsking(request) ? tools.Select(OlderClients.Adapt) : tools],

            // What one user may see is not for a cache that others share.
            CacheScope = CacheScope.Private,
            TimeToLive = TimeSpan.Zero,
        };
    }

    private async Task<IReadOnlyList<Tool>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);

        try
        {
            await using McpClientLease lease = await clients.RentAsync(prefix, patience.Token);
            IList<McpClientTool> tools = await lease.Client.ListToolsAsync(cancellationToken: patience.Token); // All pages.
            return [.. tools.DistinctBy(tool => tool.Name).Select(tool => Qualify(prefix, tool.ProtocolTool))];
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // One backend that is down must not hide the others.
            Log.ToolsNotListed(logger, prefix, exception);
            return [];
        }
    }

    private static Tool Qualify(string prefix, Tool tool) => new()
    {
        Name = BackendDirectory.Qualify(prefix, tool.Name),
        Title = tool.Title,
        Description = tool.Description,
        InputSchema = tool.InputSchema,
        OutputSchema = tool.OutputSchema,
        Annotations = tool.Annotations,
        Icons = tool.Icons,
        Meta = tool.Meta,
    };
}
