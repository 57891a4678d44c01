using Microsoft.Extensions.AI;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>A backend's tool that rents for each call: whoever's call it is, it goes out as that user.</summary>
/// <param name="listed">The tool as it was listed, for its name, description and schemas.</param>
/// <param name="pool">The pool to rent from.</param>
/// <param name="clientName">The MCP client's name.</param>
internal sealed class RentingTool(McpClientTool listed, IMcpClientPool pool, string clientName) : DelegatingAIFunction(listed)
{
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        McpClientLease lease = await pool.RentAsync(clientName, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            // The SDK sends the headers of a tool with x-mcp-header only where its client knows the tool.
            lease.Client.AddKnownTools([listed.ProtocolTool]);
            return await new McpClientTool(lease.Client, listed.ProtocolTool, listed.JsonSerializerOptions)
                .InvokeAsync(arguments, cancellationToken).ConfigureAwait(false);
        }
    }
}
