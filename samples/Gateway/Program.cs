// A gateway: one MCP server in front of several, for users who sign in.
//
//     dotnet run --project samples/Gateway -- --demo    a backend, the gateway and four users in one process, and what each of them gets
//     dotnet run --project samples/Gateway              the gateway, in Development, with an issuer of its own

using Gateway;

if (args.Contains("--demo"))
{
    return await Demo.RunAsync();
}

await GatewayApp.Create(args).RunAsync();
return 0;
