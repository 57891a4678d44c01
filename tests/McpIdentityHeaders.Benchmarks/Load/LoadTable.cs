using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// Measures targets side by side, in short rounds of random order, so that other load affects all of them alike; they reconnect every few
/// rounds, so that none is always first. Ratios are medians over rounds with their 95% confidence interval, if rounds are independent.
/// Processor time is the whole process's.
/// </summary>
internal static class LoadTable
{
    private const int RoundsOfAConnection = 20;

    public static void PrintHead(int rounds) => Console.WriteLine(
        $"{rounds} rounds of {LoadTarget.Round.TotalSeconds} s each, .NET {Environment.Version}, {Environment.OSVersion}, {Environment.ProcessorCount} cores");

    public static async Task PrintAsync(LoadTarget[] targets, int users, int rounds)
    {
        // Warm up: until the runtime has compiled everything fully.
        await MeasureAsync([.. targets], users, RoundsOfAConnection, NoResults());

        Dictionary<LoadTarget, List<LoadResult>> results = NoResults();
        for (int round = 0; round < rounds; round += RoundsOfAConnection)
        {
            await MeasureAsync([.. targets], users, Math.Min(RoundsOfAConnection, rounds - round), results);
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

        Dictionary<LoadTarget, List<LoadResult>> NoResults() => targets.ToDictionary(target => target, _ => new List<LoadResult>());
    }

    private static async Task MeasureAsync(
        LoadTarget[] order, int users, int rounds, Dictionary<LoadTarget, List<LoadResult>> results)
    {
        Random.Shared.Shuffle(order);
        foreach (LoadTarget target in order)
        {
            await target.ConnectAsync(users);
            await target.MeasureAsync();
        }

        for (int round = 0; round < rounds; round++)
        {
            Random.Shared.Shuffle(order);
            foreach (LoadTarget target in order)
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
        target.Baselines.Select(baseline =>
        {
            double[] ratios = [.. results[target].Zip(results[baseline], (own, other) => own.CallsPerSecond / other.CallsPerSecond)];
            (double low, double high) = Statistics.MedianInterval(ratios);
            return string.Create(CultureInfo.InvariantCulture, $"{Statistics.Median(ratios):N3} ({low:N3} to {high:N3}) of {baseline.Name}");
        }));
}
