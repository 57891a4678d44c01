// A proxy in front of MCP servers, each under its own path: it signs users in, and the servers learn who they are.
//
//     dotnet run --project samples/Proxy

await Proxy.ProxyApp.Create(args).RunAsync();
