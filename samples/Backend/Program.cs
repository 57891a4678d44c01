// An MCP server that knows its users by the headers of a gateway it trusts.
//
//     dotnet run --project samples/Backend

await Backend.BackendApp.Create(args).RunAsync();
