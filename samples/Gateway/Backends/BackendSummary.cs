using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Features;
using McpIdentityHeaders;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Backends;

/// <summary>What the gateway says of itself to a client that connects: what its backends have and say to that client, together.</summary>
internal sealed class BackendSummary(BackendDirectory backends, BackendClient client, CallerRequests requests, GatewayLimits limits)
    : IConfigureOptions<McpServerOptions>
{
    // From the request that connects to its response, which the SDK makes.
    private readonly AsyncLocal<Part[]?> _parts = new();

    public void Configure(McpServerOptions options)
    {
        options.Filters.Message.IncomingFilters.Add(AskBackends);
        options.Filters.Message.OutgoingFilters.Add(Describe);
    }

    private McpMessageHandler AskBackends(McpMessageHandler next) => async (context, cancellationToken) =>
    {
        if (context.JsonRpcMessage is JsonRpcRequest { Method: RequestMethods.Initialize or RequestMethods.ServerDiscover } message)
        {
            CallerRequest request = requests.Open(context.Server, message);
            _parts.Value = await Task.WhenAll(backends.Prefixes.Select(prefix => AskAsync(prefix, request, cancellationToken)));
        }

        await next(context, cancellationToken);
    };

    private McpMessageHandler Describe(McpMessageHandler next) => (context, cancellationToken) =>
    {
        if (_parts.Value is { } parts && context.JsonRpcMessage is JsonRpcResponse { Result: JsonObject result })
        {
            result["capabilities"] = JsonSerializer.SerializeToNode(
                Join([.. parts.Select(part => part.Capabilities)]), McpJsonUtilities.DefaultOptions);
            if (Join(parts) is { } instructions)
            {
                result["instructions"] = instructions;
            }
        }

        return next(context, cancellationToken);
    };

    private async Task<Part> AskAsync(string prefix, CallerRequest request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.ListTimeout);
        try
        {
            await using McpClientLease lease = await client.RentAsync(prefix, request, timeout.Token);
            return new Part(prefix, lease.Client.ServerCapabilities, lease.Client.ServerInstructions);
        }
        catch (Exception exception) when (
            exception is BackendUnavailableException or BackendErrorException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
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

    private static string? Join(Part[] parts)
    {
        string text = string.Join(
            "\n\n",
            from part in parts
            where !string.IsNullOrWhiteSpace(part.Instructions)
            select $"# {part.Prefix}\n\n{Quote(part.Instructions!)}");
        return text.Length > 0 ? text : null;
    }

    /// <summary>Quotes what a backend says, in Markdown: nothing in a quote is a heading beside it, or ends it.</summary>
    private static string Quote(string instructions) =>
        "> " + instructions.Trim().Replace('\v', '\n').ReplaceLineEndings("\n> ");

    private static ServerCapabilities Join(ServerCapabilities[] all) => new()
    {
        Tools = all.Any(one => one.Tools is not null)
            ? new() { ListChanged = IsAny(all, one => one.Tools?.ListChanged) }
            : null,
        Prompts = all.Any(one => one.Prompts is not null)
            ? new() { ListChanged = IsAny(all, one => one.Prompts?.ListChanged) }
            : null,
        Resources = all.Any(one => one.Resources is not null)
            ? new() { ListChanged = IsAny(all, one => one.Resources?.ListChanged), Subscribe = IsAny(all, one => one.Resources?.Subscribe) }
            : null,
        Completions = all.Any(one => one.Completions is not null) ? new() : null,
        Logging = all.Any(one => one.Logging is not null) ? new() : null,
    };

    private static bool? IsAny(ServerCapabilities[] all, Func<ServerCapabilities, bool?> has) =>
        all.Any(one => has(one) is true) ? true : null;

    private sealed record Part(string Prefix, ServerCapabilities Capabilities, string? Instructions);
}
