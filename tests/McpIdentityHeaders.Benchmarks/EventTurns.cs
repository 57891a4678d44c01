using System.Globalization;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// <see cref="EventBenchmarks"/> in turns within one process, by the processor's time and not the clock's: for busy machines.
/// </summary>
internal static class EventTurns
{
    private const int WarmUpRounds = 5;
    private const int KiBInATurn = 2_000;

    public static async Task RunAsync(int rounds)
    {
        Console.WriteLine("| text, KiB | unobserved, µs | observed against it | bytes over it |");
        Console.WriteLine("| ---: | ---: | ---: | ---: |");
        foreach (int kib in new[] { 1, 16, 128, 1000 })
        {
            var benchmarks = new EventBenchmarks { KiB = kib };
            benchmarks.Open();
            await MeasureAsync(benchmarks, rounds);
            await benchmarks.CloseAsync();
        }
    }

    private static async Task MeasureAsync(EventBenchmarks benchmarks, int rounds)
    {
        int reads = Math.Max(1, KiBInATurn / benchmarks.KiB);
        var unobserved = new List<double>();
        var ratios = new List<double>();
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            double baseline = await MeasureAsync(benchmarks.Unobserved, reads);
            double observed = await MeasureAsync(benchmarks.Observed, reads);
            if (round >= 0)
            {
                unobserved.Add(baseline);
                ratios.Add(observed / baseline);
            }
        }

        long bytes = await CountBytesAsync(benchmarks.Observed) - await CountBytesAsync(benchmarks.Unobserved);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {benchmarks.KiB:N0} | {Median(unobserved):N0} | {Median(ratios):N2} | {bytes:N0} |"));
    }

    /// <summary>Gives the processor's microseconds for one read.</summary>
    private static async Task<double> MeasureAsync(Func<Task<int>> read, int reads)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        for (int index = 0; index < reads; index++)
        {
            await read();
        }

        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / reads;
    }

    private static async Task<long> CountBytesAsync(Func<Task<int>> read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        await read();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
