using System.Collections.Concurrent;
using System.ComponentModel;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>A backend that asks its clients by any method, within a call or beside all calls.</summary>
internal static class QuestionServer
{
    private static readonly ConcurrentDictionary<Uri, McpServer> Sessions = new();
    private static readonly ConcurrentDictionary<string, AsyncGate> Gates = new();

    public static async Task<McpBackend> StartAsync(McpBackendKind kind)
    {
#pragma warning disable MCPEXP002 // Experimental in the SDK. Nothing else gives the server of a session outside its calls.
        return await McpBackend.StartAsync(kind, server: server => server
            .WithTools<QuestionTools>()
            .Services.Configure<HttpServerTransportOptions>(options => options.RunSessionHandler = async (context, session, token) =>
            {
                Sessions[new Uri($"{context.Request.Scheme}://{context.Request.Host}")] = session;
                await session.RunAsync(token);
            }));
#pragma warning restore MCPEXP002
    }

    /// <summary>Has the server ask within a call, which ends when the answer is there.</summary>
    public static async Task AskAsync(McpClient client, string method) =>
        await client.CallToolAsync("inquire", new Dictionary<string, object?> { ["method"] = method });

    /// <summary>Has the server of the newest session ask beside all calls.</summary>
    public static Task AskBesideCallsAsync(McpBackend backend, string method) =>
        AskAsync(Sessions[backend.Root], method, CancellationToken.None);

    /// <summary>Starts a call that lasts until it is disposed.</summary>
    public static async Task<HeldCall> HoldAsync(IServiceProvider services, ClaimsPrincipal user)
    {
        string key = Guid.NewGuid().ToString();
        AsyncGate gate = Gates[key] = new AsyncGate();
        Task call = AmbientIdentity.RunAsync(user, async () =>
        {
            await using McpClientLease lease = await services.RentAsync();
            await lease.Client.CallToolAsync("hold", new Dictionary<string, object?> { ["key"] = key });
        });
        await gate.Arrived;
        return new HeldCall(call, gate);
    }

    private static async Task AskAsync(McpServer server, string method, CancellationToken cancellationToken)
    {
        try
        {
            await server.SendRequestAsync(new JsonRpcRequest { Method = method }, cancellationToken).WaitAsync(
                AsyncGate.Patience, cancellationToken);
        }
        catch (McpProtocolException)
        {
            // An error is an answer too.
        }
    }

    internal sealed class HeldCall(Task call, AsyncGate gate) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            gate.Release();
            await call;
        }
    }

    [McpServerToolType]
    private sealed class QuestionTools
    {
        [McpServerTool(Name = "inquire"), Description("Asks the client by a method.")]
        public static async Task<string> InquireAsync(McpServer server, string method, CancellationToken cancellationToken)
        {
            await AskAsync(server, method, cancellationToken);
            return "asked";
        }

        [McpServerTool(Name = "hold"), Description("Ends when the test lets it.")]
        public static async Task<string> HoldAsync(string key)
        {
            await Gates[key].WaitAsync();
            return "held";
        }
    }
}
