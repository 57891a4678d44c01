using System.Globalization;
using System.Runtime;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>
/// Measures targets side by side, in short rounds of random order, so that other load affects all of them alike; they reconnect every few
/// rounds, so that none is always first. Ratios are medians over rounds with their 95% confidence interval, if rounds are independent.
/// Processor time and bytes are the whole process's.
/// </summary>
internal static class LoadTable
{
    private const int RoundsOfAConnection = 20;

    // The larger a target's code, the later it is compiled: a fixed warm-up would measure the compiler in the largest.
    private const int FewMethods = 20;
    private const int MaxWarmUps = 20;

    public static void PrintHead(int rounds) => Console.WriteLine(
        $"{rounds} rounds of {LoadTarget.Round.TotalSeconds} s each, .NET {Environment.Version}, {Environment.OSVersion}, "
        + $"{Environment.ProcessorCount} cores");

    public static async Task PrintAsync(LoadTarget[] targets, int users, int rounds)
    {
        await WarmUpAsync(targets, users);

        Dictionary<LoadTarget, List<LoadResult>> results = NoResults(targets);
        for (int round = 0; round < rounds; round += RoundsOfAConnection)
        {
            await MeasureAsync([.. targets], users, Math.Min(RoundsOfAConnection, rounds - round), results);
        }

        Console.WriteLine();
        Console.WriteLine($"| {users} at once | calls/s | p50 ms | p99 ms | processor µs a call | KB a call | throughput against |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | --- |");
        foreach (LoadTarget target in targets)
        {
            List<LoadResult> own = results[target];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {target.Name} | {Statistics.Median(own.Select(result => result.CallsPerSecond)):N0} "
                + $"| {LoadResult.Percentile(own, 0.5):N2} | {LoadResult.Percentile(own, 0.99):N2} "
                + $"| {Statistics.Median(own.Select(result => result.MicrosecondsPerCall)):N0} "
                + $"| {Statistics.Median(own.Select(result => result.KilobytesPerCall)):N1} | {Against(target, results)} |"));
        }

    }

    /// <summary>Measures until the runtime compiles next to nothing any more.</summary>
    private static async Task WarmUpAsync(LoadTarget[] targets, int users)
    {
        for (int round = 0; round < MaxWarmUps; round++)
        {
            long before = JitInfo.GetCompiledMethodCount();
            await MeasureAsync([.. targets], users, RoundsOfAConnection, NoResults(targets));
            if (JitInfo.GetCompiledMethodCount() - before < FewMethods)
            {
                return;
            }
        }
    }

    private static Dictionary<LoadTarget, List<LoadResult>> NoResults(LoadTarget[] targets) =>
        targets.ToDictionary(target => target, _ => new List<LoadResult>());

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
            return string.Create(
                CultureInfo.InvariantCulture, $"{Statistics.Median(ratios):N3} ({low:N3} to {high:N3}) of {baseline.Name}");
        }));
}
