using System.Diagnostics;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>One round: how long it took, what it took of the processor, and each call in it, in ticks of the stopwatch.</summary>
internal sealed record LoadResult(TimeSpan Elapsed, TimeSpan Processor, long[] Calls)
{
    public double CallsPerSecond => Calls.Length / Elapsed.TotalSeconds;

    public double MicrosecondsPerCall => Processor.TotalMicroseconds / Calls.Length;

    /// <summary>Gives the time in milliseconds that this share of all calls stayed under.</summary>
    public static double Percentile(IEnumerable<LoadResult> results, double share)
    {
        long[] sorted = [.. results.SelectMany(result => result.Calls).Order()];
        return sorted[(int)(share * (sorted.Length - 1))] * 1000.0 / Stopwatch.Frequency;
    }
}
