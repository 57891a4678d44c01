using System.Text.Json.Nodes;
using Gateway.Sessions;
using McpIdentityHeaders;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Backends;

/// <summary>What the gateway says of itself to a client that connects: what its backends have and say, together.</summary>
internal sealed class BackendSummary(BackendDirectory backends, IMcpClientPool pool, GatewayLimits limits, ILogger<BackendSummary> logger)
{
    /// <summary>Describes the backends, as the user who connects sees them.</summary>
    public async Task DescribeAsync(HttpContext context, McpServerOptions options, CancellationToken cancellationToken)
    {
        bool isConnecting = SessionLimit.OpensSession(context.Request) || context.Request.Headers["Mcp-Method"] == RequestMethods.ServerDiscover;
        if (!isConnecting)
        {
            return;
        }

        Part[] parts = await Task.WhenAll(backends.Prefixes.Select(prefix => AskAsync(prefix, cancellationToken)));
        options.ServerInstructions = Join(parts);
        options.Capabilities = Join([.. parts.Select(part => part.Capabilities)]);
        if (parts.All(part => part.Capabilities.Logging is null))
        {
            options.Filters.Message.OutgoingFilters.Add(LeaveOutLogging);
        }
    }

    private async Task<Part> AskAsync(string prefix, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.ListTimeout);
        try
        {
            await using McpClientLease lease = await pool.RentAsync(prefix, timeout.Token);
            return new Part(prefix, lease.Client.ServerCapabilities, lease.Client.ServerInstructions);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.BackendFailed(logger, prefix, exception);
            return new Part(prefix, Everything, Instructions: null);
        }
    }

    /// <summary>What a backend that is out of reach may have when it is back. The client asks for capabilities only once.</summary>
    private static ServerCapabilities Everything => new()
    {
        Tools = new() { ListChanged = true },
        Prompts = new() { ListChanged = true },
        Resources = new() { ListChanged = true, Subscribe = true },
        Completions = new(),
        Logging = new(),
    };

    /// <summary>The SDK's server always says that it logs. This one does if a backend does.</summary>
    private static McpMessageHandler LeaveOutLogging(McpMessageHandler next) => (context, cancellationToken) =>
    {
        if (context.JsonRpcMessage is JsonRpcResponse { Result: JsonObject result } && result["capabilities"] is JsonObject capabilities)
        {
            capabilities.Remove("logging");
        }

        return next(context, cancellationToken);
    };

    private static string? Join(Part[] parts)
    {
        string text = string.Join(
            "\n\n",
            from part in parts where !string.IsNullOrWhiteSpace(part.Instructions) select $"# {part.Prefix}\n\n{part.Instructions}");
        return text.Length > 0 ? text : null;
    }

    private static ServerCapabilities Join(ServerCapabilities[] all) => new()
    {
        Tools = all.Any(one => one.Tools is not null)
            ? new() { ListChanged = all.Any(one => one.Tools?.ListChanged is true) }
            : null,
        Prompts = all.Any(one => one.Prompts is not null)
            ? new() { ListChanged = all.Any(one => one.Prompts?.ListChanged is true) }
            : null,
        Resources = all.Any(one => one.Resources is not null)
            ? new()
            {
                ListChanged = all.Any(one => one.Resources?.ListChanged is true),
                Subscribe = all.Any(one => one.Resources?.Subscribe is true),
            }
            : null,
        Completions = all.Any(one => one.Completions is not null) ? new() : null,
    };

    private sealed record Part(string Prefix, ServerCapabilities Capabilities, string? Instructions);
}
