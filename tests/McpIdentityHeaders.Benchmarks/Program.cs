// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- --filter '*'   every benchmark, side by side
// dotnet run -c Release --project tests/McpIdentityHeaders.Benchmarks -- memory 10000   what open sessions take

using System.Globalization;
using BenchmarkDotNet.Running;
using McpIdentityHeaders.Benchmarks;

switch (args)
{
    case ["memory", var sessions]:
        await MemoryReport.RunAsync(int.Parse(sessions, CultureInfo.InvariantCulture));
        break;

    case ["serve"]:
        await LoopbackServer.RunAsync();
        break;

    default:
        BenchmarkSwitcher.FromAssembly(typeof(RentBenchmarks).Assembly).Run(args);
        break;
}
