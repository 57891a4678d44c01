namespace McpIdentityHeaders.Benchmarks;

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Returns the 95% confidence interval of the median by rank, for any distribution.</summary>
    public static (double Low, double High) MedianInterval(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double half = 0.98 * Math.Sqrt(sorted.Length);
        int low = (int)Math.Floor((sorted.Length / 2.0) - half);
        return (sorted[Math.Max(low, 0)], sorted[sorted.Length - 1 - Math.Max(low, 0)]);
    }
}
