using System.Diagnostics;

namespace McpIdentityHeaders.Benchmarks.Load;

/// <summary>One round: its duration, its processor time, what it allocated, and each call in ticks of the stopwatch.</summary>
internal sealed record LoadResult(TimeSpan Elapsed, TimeSpan Processor, long Allocated, long[] Calls)
{
    public double CallsPerSecond => Calls.Length / Elapsed.TotalSeconds;

    public double MicrosecondsPerCall => Processor.TotalMicroseconds / Calls.Length;

    public double KilobytesPerCall => Allocated / 1024.0 / Calls.Length;

    /// <summary>Returns the time in milliseconds within which this share of all calls completed.</summary>
    public static double Percentile(IEnumerable<LoadResult> results, double share)
    {
        long[] sorted = [.. results.SelectMany(result => result.Calls).Order()];
        return sorted[(int)(share * (sorted.Length - 1))] * 1000.0 / Stopwatch.Frequency;
    }
}
