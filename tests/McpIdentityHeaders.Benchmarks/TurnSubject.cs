namespace McpIdentityHeaders.Benchmarks;

/// <summary>What is measured in turns with others, so that a machine that changes its speed changes it for all of them alike.</summary>
/// <param name="name">What the table calls it.</param>
/// <param name="run">Does it once.</param>
/// <param name="repetitions">How often it is done in a turn.</param>
/// <param name="clock">The time that counts.</param>
/// <param name="setUp">Prepares a turn.</param>
internal sealed class TurnSubject(string name, Action run, int repetitions, Func<TimeSpan> clock, Action? setUp = null)
{
    private readonly List<double> _nanoseconds = [];

    public string Name => name;

    public long Bytes { get; private set; }

    public double Median => Statistics.Median(_nanoseconds);

    public double Over(TurnSubject baseline) => Statistics.Median(_nanoseconds.Zip(baseline._nanoseconds, (own, other) => own - other));

    public double RatioTo(TurnSubject baseline) => Statistics.Median(_nanoseconds.Zip(baseline._nanoseconds, (own, other) => own / other));

    public void Measure(bool isWarmUp)
    {
        setUp?.Invoke();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan start = clock();
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            run();
        }

        double nanoseconds = (clock() - start).TotalNanoseconds;
        Bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / repetitions;
        if (!isWarmUp)
        {
            _nanoseconds.Add(nanoseconds / repetitions);
        }
    }
}
