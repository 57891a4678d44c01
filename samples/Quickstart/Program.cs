// Five callers, three real MCP servers, all at once: what does each server learn about who is calling?
//
//     dotnet run --project samples/Quickstart

using System.Security.Cryptography;
using System.Text;
using McpIdentityHeaders;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using ModelContextProtocol.Client;
using Quickstart;

Console.OutputEncoding = Encoding.UTF8;

await using WhoAmIServer stateless = await WhoAmIServer.StartStatelessAsync();
await using WhoAmIServer stateful = await WhoAmIServer.StartStatefulAsync();

// A key of this program's own. The server that verifies gets the public half of it.
using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
using ECDsa publicKey = ECDsa.Create(key.ExportParameters(includePrivateParameters: false));
await using WhoAmIServer verifying = await WhoAmIServer.StartVerifyingAsync(new ECDsaSecurityKey(publicKey));

// 1. One line for each backend: an MCP client that carries its user's identity on every request, to that backend and to nowhere else.

var services = new ServiceCollection();
services.AddMcpClient("stateless", stateless.Endpoint).AddClaimInjection();
services.AddMcpClient("stateful", stateful.Endpoint).AddClaimInjection();

// Or a signed assertion instead of the headers, for a backend that does not trust the network between.
services.AddMcpClient("verifying", verifying.Endpoint).AddIdentityAssertion(options =>
{
    options.Issuer = WhoAmIServer.Issuer;
    options.Audience = WhoAmIServer.Audience;
    options.ReplaceHeaders = true;
    options.Keys.Add(new SigningCredentials(new ECDsaSecurityKey(key), SecurityAlgorithms.EcdsaSha256));
});

await using ServiceProvider provider = services.BuildServiceProvider();
IMcpClientFactory clients = provider.GetRequiredService<IMcpClientFactory>();

// Without sessions nothing ties a client to a user, so all users share one client. It is opened outside of any user's scope, and awaited
// by each call: if it cannot connect, every row says so.
Task<McpClient> connecting = clients.CreateClientAsync("stateless");
Task<McpClient> connectingToVerifying = clients.CreateClientAsync("verifying");

// 2. Say who the user is, and call as always. The user is in force for whatever is awaited within the braces, and for nothing else.

async Task<Answer> AskStatelessAsync(Caller caller, Task<McpClient> connection)
{
    using (AmbientIdentity.Use(caller.User))
    {
        McpClient shared = await connection;
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
    .. Caller.Everybody.Select(caller => Call.MakeAsync(caller, stateless, asking => AskStatelessAsync(asking, connecting))),
    .. Caller.Everybody.Select(caller => Call.MakeAsync(caller, stateful, AskStatefulAsync)),
    .. Caller.Everybody.Select(caller => Call.MakeAsync(caller, verifying, asking => AskStatelessAsync(asking, connectingToVerifying))),
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
    starts no second X-User-Sub line. The last server believes no header: it verified a signature.
    """);
return 0;
