using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// Measures targets side by side. They take turns in short rounds, so that what else the machine does falls on all of them, and are connected
/// anew every few rounds, in the other order: to have come first or last is not one target's fate. Ratios are the medians of each round's.
/// The processor's time is the whole process's.
/// </summary>
internal static class LoadTable
{
    private const int RoundsOfAConnection = 5;

    public static void PrintHead(int rounds) => Console.WriteLine(
        $"{rounds} rounds of {LoadTarget.Round.TotalSeconds} s each, .NET {Environment.Version}, {Environment.OSVersion}, {Environment.ProcessorCount} cores");

    public static async Task PrintAsync(LoadTarget[] targets, int users, int rounds)
    {
        var results = targets.ToDictionary(target => target, _ => new List<LoadResult>());
        LoadTarget[] order = targets;
        for (int round = 0; round < rounds; round += RoundsOfAConnection)
        {
            await MeasureAsync(order, users, Math.Min(RoundsOfAConnection, rounds - round), results);
            order = [.. order.Reverse()];
        }

        Console.WriteLine();
        Console.WriteLine($"| {users} at once | calls/s | p50 ms | p99 ms | processor µs a call | throughput against |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | --- |");
        foreach (LoadTarget target in targets)
        {
            List<LoadResult> own = results[target];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {target.Name} | {Statistics.Median(own.Select(result => result.CallsPerSecond)):N0} | {LoadResult.Percentile(own, 0.5):N2} | {LoadResult.Percentile(own, 0.99):N2} | {Statistics.Median(own.Select(result => result.MicrosecondsPerCall)):N0} | {Against(target, results)} |"));
        }
    }

    private static async Task MeasureAsync(
        LoadTarget[] order, int users, int rounds, Dictionary<LoadTarget, List<LoadResult>> results)
    {
        foreach (LoadTarget target in order)
        {
            await target.ConnectAsync(users);
            await target.MeasureAsync();
        }

        for (int round = 0; round < rounds; round++)
        {
            foreach (LoadTarget target in round % 2 == 0 ? order : order.Reverse())
            {
                results[target].Add(await target.MeasureAsync());
            }
        }

        foreach (LoadTarget target in order)
        {
            await target.DisconnectAsync();
        }
    }

    private static string Against(LoadTarget target, Dictionary<LoadTarget, List<LoadResult>> results) => string.Join(
        "; ",
        target.Baselines.Select(baseline => string.Create(
            CultureInfo.InvariantCulture,
            $"{Statistics.Median(results[target].Zip(results[baseline], (own, other) => own.CallsPerSecond / other.CallsPerSecond)):N3} of {baseline.Name}")));
}
