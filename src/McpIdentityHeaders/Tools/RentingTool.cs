using System.Text.Json;
using Microsoft.Extensions.AI;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>A backend's tool that rents for each call: the call goes out as the user who is current then.</summary>
/// <remarks>It keeps the tool as it was listed, and no client: the lease of the listing has ended.</remarks>
internal sealed class RentingTool(Tool tool, IMcpClientPool pool, string clientName) : AIFunction
{
    public override string Name => tool.Name;

    public override string Description => tool.Description ?? string.Empty;

    public override JsonElement JsonSchema => tool.InputSchema;

    public override JsonElement? ReturnJsonSchema => tool.OutputSchema;

    public override JsonSerializerOptions JsonSerializerOptions => McpJsonUtilities.DefaultOptions;

    /// <summary>Gives the protocol's tool too, for its title and annotations.</summary>
    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType == typeof(Tool) ? tool : base.GetService(serviceType, serviceKey);

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        McpClientLease lease = await pool.RentAsync(clientName, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            // The SDK sends the headers of a tool with x-mcp-header only where its client knows the tool.
            lease.Client.AddKnownTools([tool]);
            return await new McpClientTool(lease.Client, tool).InvokeAsync(arguments, cancellationToken).ConfigureAwait(false);
        }
    }
}
