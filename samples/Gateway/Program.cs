// An MCP server in front of other MCP servers: it signs users in, and its backends learn who they are.
//
//     dotnet run --project samples/Gateway               # runs, and prints what to try
//     dotnet run --project samples/Gateway -- --demo     # calls for four users at once, shows what came of it, and ends

using System.Text;
using Gateway;
using Gateway.Development;

Console.OutputEncoding = Encoding.UTF8;

bool demo = args.Contains("--demo");
WebApplicationBuilder builder = GatewayApp.CreateBuilder([.. args.Where(argument => argument != "--demo")]);
if (demo)
{
    // Its table is all that is to be read.
    builder.Configuration["Urls"] = "http://127.0.0.1:0";
    builder.Configuration["Logging:Console:LogLevel:Default"] = "None";
}

// On a developer's machine, what is not configured is brought along: an issuer of tokens, and a backend. Elsewhere both have to be real.
await using DevelopmentServers? brought = builder.Environment.IsDevelopment()
    ? await DevelopmentServers.StartAsync(builder.Configuration)
    : null;

await using WebApplication gateway = GatewayApp.Build(builder);
await gateway.StartAsync();

var endpoint = new Uri(new Uri(gateway.Urls.First()), "/mcp");
if (demo)
{
    return await Demo.RunAsync(endpoint, brought?.Issuer);
}

brought?.PrintWhatToTry(endpoint);
await gateway.WaitForShutdownAsync();
return 0;
