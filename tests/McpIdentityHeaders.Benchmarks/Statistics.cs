namespace McpIdentityHeaders.Benchmarks;

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Gives between what the median is, nineteen times out of twenty: by the ranks of the values, whatever their distribution.</summary>
    public static (double Low, double High) MedianInterval(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double half = 0.98 * Math.Sqrt(sorted.Length);
        int low = (int)Math.Floor((sorted.Length / 2.0) - half);
        return (sorted[Math.Max(low, 0)], sorted[sorted.Length - 1 - Math.Max(low, 0)]);
    }
}
