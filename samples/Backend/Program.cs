// An MCP server with per-user data, behind a gateway that says who the user is.
//
//     dotnet run --project samples/Backend

await Backend.BackendApp.Create(args).RunAsync();
