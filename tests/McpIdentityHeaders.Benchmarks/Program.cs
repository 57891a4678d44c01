// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- --filter '*'   every benchmark, side by side
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- later 3000     what identity costs a request, in turns
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- assertion 60   what a signed assertion costs
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- chain 120      what it costs a call over loopback HTTP
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- events 40      what looking for questions costs a response
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- memory 10000   what open sessions take
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- gateway 200    what a gateway costs, and identity within it
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- proxy 60       what samples/Proxy and samples/Gateway cost

using System.Globalization;
using BenchmarkDotNet.Running;
using McpIdentityHeaders.Benchmarks;
using McpIdentityHeaders.Benchmarks.Assertions;
using McpIdentityHeaders.Benchmarks.Injection;
using McpIdentityHeaders.Benchmarks.Load;

switch (args)
{
    case ["memory", var sessions]:
        await MemoryReport.RunAsync(sessions);
        break;

    case ["measure", var row, var sessions, var endpoint]:
        await MemoryReport.MeasureAsync(
            int.Parse(row, CultureInfo.InvariantCulture), int.Parse(sessions, CultureInfo.InvariantCulture), new Uri(endpoint));
        Environment.Exit(0);
        break;

    case ["gateway", var rounds]:
        await GatewayLoad.RunAsync(int.Parse(rounds, CultureInfo.InvariantCulture));
        break;

    case ["proxy", var rounds]:
        await ProxyLoad.RunAsync(int.Parse(rounds, CultureInfo.InvariantCulture));
        break;

    case ["later", var rounds]:
        LaterTurns.Run(int.Parse(rounds, CultureInfo.InvariantCulture));
        break;

    case ["assertion", var rounds]:
        AssertionTurns.Run(int.Parse(rounds, CultureInfo.InvariantCulture));
        break;

    case ["events", var rounds]:
        await EventTurns.RunAsync(int.Parse(rounds, CultureInfo.InvariantCulture));
        break;

    case ["chain", var rounds]:
        await ChainLoad.RunAsync(int.Parse(rounds, CultureInfo.InvariantCulture));
        break;

    case ["serve"]:
        await LoopbackServer.RunAsync();
        break;

    default:
        BenchmarkSwitcher.FromAssembly(typeof(RentBenchmarks).Assembly).Run(args);
        break;
}
