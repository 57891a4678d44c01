using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Tools of a gateway that call a backend.</summary>
[McpServerToolType]
internal sealed class RelayTools
{
    /// <summary>Gives a gateway these tools and a client for the backend.</summary>
    public static void AddTo(IMcpServerBuilder mcp, McpBackend backend)
    {
        foreach (ServiceDescriptor service in McpTesting.ServicesFor(backend))
        {
            mcp.Services.Add(service);
        }

        mcp.WithTools<RelayTools>().WithUserIdentity();
    }

    [McpServerTool(Name = "pooled")]
    public static async Task<string> PooledAsync(IMcpClientPool clients, CancellationToken cancellationToken)
    {
        await using McpClientLease lease = await clients.RentAsync(McpTesting.ClientName, cancellationToken);
        return await lease.Client.CallTextAsync("whoami");
    }

    [McpServerTool(Name = "connected")]
    public static async Task<string> ConnectedAsync(IMcpClientFactory clients, CancellationToken cancellationToken)
    {
        await using McpClient client = await clients.CreateClientAsync(McpTesting.ClientName, cancellationToken);
        return await client.CallTextAsync("whoami");
    }

    [McpServerTool(Name = "held")]
    public static async Task<string> HeldAsync(IMcpClientPool clients, AsyncGate held, CancellationToken cancellationToken)
    {
        await held.WaitAsync();
        return await PooledAsync(clients, cancellationToken);
    }

    [McpServerTool(Name = "elicited")]
    public static async Task<string> ElicitedAsync(IMcpClientPool clients, McpServer server, CancellationToken cancellationToken)
    {
        await server.ElicitAsync(new ElicitRequestParams { Message = "Go on?", RequestedSchema = new() }, cancellationToken);
        return await PooledAsync(clients, cancellationToken);
    }

    [McpServerTool(Name = "started")]
    public static string Started(IMcpClientPool clients, AsyncGate held, Results results)
    {
        results.Add(Task.Run(async () =>
        {
            await held.WaitAsync();
            return await PooledAsync(clients, CancellationToken.None);
        }));
        return "started";
    }

    /// <summary>What work that outlives its call has come to.</summary>
    internal sealed class Results
    {
        private readonly TaskCompletionSource<Task<string>> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> First => _first.Task.Unwrap();

        public void Add(Task<string> result) => _first.TrySetResult(result);
    }
}
