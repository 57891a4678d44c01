using System.Globalization;
using Microsoft.AspNetCore.Builder;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// What a gateway costs, and what of it is identity: calls a second and their times, straight to a backend and through gateways, with 1, 16
/// and 128 users at once. Clients, gateways and backends share the process and its cores. The targets take turns in short rounds, so that
/// what else the machine does falls on all of them; ratios are the medians of each round's. The processor's time is the whole process's.
/// </summary>
internal static class GatewayLoad
{
    private static readonly int[] Users = [1, 16, 128];

    public static async Task RunAsync(int rounds)
    {
        await using WebApplication plainBackend = await LoadServers.StartBackendAsync(identity: false);
        await using WebApplication knowingBackend = await LoadServers.StartBackendAsync(identity: true);
        await using WebApplication plain = await LoadServers.StartGatewayAsync(plainBackend, identity: false);
        await using WebApplication sending = await LoadServers.StartGatewayAsync(plainBackend, identity: true);
        await using WebApplication knowing = await LoadServers.StartGatewayAsync(knowingBackend, identity: true);
        await using SampleServers samples = await SampleServers.StartAsync();

        LoadTarget[] targets =
        [
            LoadTarget.Straight("straight to a plain backend", plainBackend),
            LoadTarget.Through("gateway, identity off", plain),
            LoadTarget.Through("gateway, headers sent", sending),
            LoadTarget.Through("gateway, headers sent and received", knowing),
            samples.Straight,
            samples.Through,
        ];

        Console.WriteLine($"{rounds} rounds of {LoadTarget.Round.TotalSeconds} s each, .NET {Environment.Version}, {Environment.OSVersion}, {Environment.ProcessorCount} cores");
        foreach (int users in Users)
        {
            await MeasureAsync(targets, users, rounds);
        }
    }

    private static async Task MeasureAsync(LoadTarget[] targets, int users, int rounds)
    {
        foreach (LoadTarget target in targets)
        {
            await target.ConnectAsync(users);
        }

        var results = targets.ToDictionary(target => target, _ => new List<LoadResult>());
        for (int round = -1; round < rounds; round++)
        {
            // Every other round the other way round: being after somebody is not one target's fate. The first warms up.
            foreach (LoadTarget target in round % 2 == 0 ? targets : targets.Reverse())
            {
                LoadResult result = await target.MeasureAsync();
                if (round >= 0)
                {
                    results[target].Add(result);
                }
            }
        }

        Console.WriteLine();
        Console.WriteLine($"| {users} at once | calls/s | p50 ms | p99 ms | processor µs a call | throughput against |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | --- |");
        foreach ((int index, LoadTarget target) in targets.Index())
        {
            List<LoadResult> own = results[target];
            LoadTarget? baseline = index switch { 0 or 4 => null, 1 => targets[0], 5 => targets[4], _ => targets[1] };
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {target.Name} | {Median(own.Select(result => result.CallsPerSecond)):N0} | {LoadResult.Percentile(own, 0.5):N2} | {LoadResult.Percentile(own, 0.99):N2} | {Median(own.Select(result => result.MicrosecondsPerCall)):N0} | {Against(own, baseline, results)} |"));
        }

        foreach (LoadTarget target in targets)
        {
            await target.DisconnectAsync();
        }
    }

    private static string Against(List<LoadResult> own, LoadTarget? baseline, Dictionary<LoadTarget, List<LoadResult>> results) => baseline is null
        ? string.Empty
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{Median(own.Zip(results[baseline], (mine, other) => mine.CallsPerSecond / other.CallsPerSecond)):N3} of {baseline.Name}");

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
