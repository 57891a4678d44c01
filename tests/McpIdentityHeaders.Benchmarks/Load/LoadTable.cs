using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// Measures targets side by side. They take turns in short rounds, so that what else the machine does falls on all of them; ratios are the
/// medians of each round's. The processor's time is the whole process's.
/// </summary>
internal static class LoadTable
{
    private const int WarmUpRounds = 4;

    public static void PrintHead(int rounds) => Console.WriteLine(
        $"{rounds} rounds of {LoadTarget.Round.TotalSeconds} s each, .NET {Environment.Version}, {Environment.OSVersion}, {Environment.ProcessorCount} cores");

    public static async Task PrintAsync(LoadTarget[] targets, int users, int rounds)
    {
        foreach (LoadTarget target in targets)
        {
            await target.ConnectAsync(users);
        }

        Dictionary<LoadTarget, List<LoadResult>> results = await MeasureAsync(targets, rounds);

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

        foreach (LoadTarget target in targets)
        {
            await target.DisconnectAsync();
        }
    }

    private static async Task<Dictionary<LoadTarget, List<LoadResult>>> MeasureAsync(LoadTarget[] targets, int rounds)
    {
        var results = targets.ToDictionary(target => target, _ => new List<LoadResult>());
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            // Every other round the other way round: being after somebody is not one target's fate. The first few warm up.
            foreach (LoadTarget target in round % 2 == 0 ? targets : targets.Reverse())
            {
                LoadResult result = await target.MeasureAsync();
                if (round >= 0)
                {
                    results[target].Add(result);
                }
            }
        }

        return results;
    }

    private static string Against(LoadTarget target, Dictionary<LoadTarget, List<LoadResult>> results) => target.Baseline is not { } baseline
        ? string.Empty
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{Statistics.Median(results[target].Zip(results[baseline], (own, other) => own.CallsPerSecond / other.CallsPerSecond)):N3} of {baseline.Name}");
}
