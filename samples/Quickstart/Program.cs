// Five callers, two real MCP servers, all at once: what does each server learn about who is calling?
//
//     dotnet run --project samples/Quickstart

using System.Text;
using McpIdentityHeaders;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;
using Quickstart;

Console.OutputEncoding = Encoding.UTF8;

await using WhoAmIServer stateless = await WhoAmIServer.StartStatelessAsync();
await using WhoAmIServer stateful = await WhoAmIServer.StartStatefulAsync();

// 1. One line for each backend: an MCP client that carries its user's identity on every request, to that backend and to nowhere else.

var services = new ServiceCollection();
services.AddMcpClient("stateless", stateless.Endpoint).AddClaimInjection();
services.AddMcpClient("stateful", stateful.Endpoint).AddClaimInjection();

await using ServiceProvider provider = services.BuildServiceProvider();
IMcpClientFactory clients = provider.GetRequiredService<IMcpClientFactory>();

// Without sessions nothing ties a client to a user, so one client serves everybody. It is opened outside of any user's scope, and awaited
// by each call: if it cannot connect, every row says so.
Task<McpClient> connecting = clients.CreateClientAsync("stateless");

// 2. Say who the user is, and call as always. The user is in force for whatever is awaited within the braces, and for nothing else.

async Task<Answer> AskStatelessAsync(Caller caller)
{
    using (AmbientIdentity.Use(caller.User))
    {
        McpClient shared = await connecting;
        return Answer.Of(shared, await shared.CallToolAsync("whoami"));
    }
}

async Task<Answer> AskStatefulAsync(Caller caller)
{
    using (AmbientIdentity.Use(caller.User))
    {
        // A session belongs to the user who opens it, so each has one. Underneath, all sessions share the same handlers and connections.
        await using McpClient own = await clients.CreateClientAsync("stateful");
        return Answer.Of(own, await own.CallToolAsync("whoami"));
    }
}

// 3. Everybody at once: no call waits for another, and none may go out under another's name.

Task<Call>[] calls =
[
    .. Caller.Everybody.Select(caller => Call.MakeAsync(caller, stateless, AskStatelessAsync)),
    .. Caller.Everybody.Select(caller => Call.MakeAsync(caller, stateful, AskStatefulAsync)),
];
Call[] made = await Task.WhenAll(calls);

// 4. What the servers saw.

ResultTable.Print(made);

List<Call> wrong = [.. made.Where(call => call.Problem is not null)];
if (wrong is [{ } first, ..])
{
    await Console.Error.WriteLineAsync(
        $"{wrong.Count} of {made.Length} calls went wrong, the first of them {first.Caller.Name}'s "
        + $"to the {first.Server.Name}: {first.Problem}.");
    return 1;
}

Console.WriteLine($"""
    All {made.Length} calls were made at once, and each arrived as its own caller. What is not plain ASCII travels as
    =?base64?…?=, so names of any language arrive whole, and Mallory's line break is only data: it
    starts no second X-User-Sub line.
    """);
return 0;
