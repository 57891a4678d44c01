using System.Diagnostics;
using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// <see cref="LaterBenchmarks"/> in turns within one process: a machine that changes its speed from one minute to the next changes it for all
/// of them alike.
/// </summary>
internal static class LaterTurns
{
    private const int Requests = 2_000;
    private const int WarmUpRounds = 20;

    public static void Run(int rounds)
    {
        var benchmarks = new LaterBenchmarks();
        var passThrough = new Subject("a pass-through handler", () => benchmarks.PassThrough(), benchmarks.UseAscii);
        var naiveClone = new Subject("naive clone", () => benchmarks.NaiveClone(), benchmarks.UseAscii);
        Subject[] subjects =
        [
            passThrough,
            new("naive, in place", () => benchmarks.NaiveInPlace(), benchmarks.UseAscii),
            new("HeaderPropagation", () => benchmarks.HeaderPropagation(), benchmarks.UseAscii),
            naiveClone,
            new("ClaimInjectionHandler", () => benchmarks.ClaimInjection(), benchmarks.UseAscii),
            new("whole chain", () => benchmarks.WholeChain(), benchmarks.UseAscii),
            new("ClaimInjectionHandler, unknown user", () => benchmarks.ClaimInjectionForUnknown(), benchmarks.UseUnknown),
            new("whole chain, unknown user", () => benchmarks.WholeChainForUnknown(), benchmarks.UseUnknown),
            new("ClaimInjectionHandler, name not ASCII", () => benchmarks.ClaimInjectionOfNonAscii(), benchmarks.UseNonAscii),
            new("ClaimInjectionHandler, 200 claims", () => benchmarks.ClaimInjectionOf200Claims(), benchmarks.UseManyClaims),
            new("ClaimInjectionHandler, 20 groups", () => benchmarks.ClaimInjectionOf20Groups(), benchmarks.UseTwentyGroups),
            new("a pass-through handler, on an MCP session", () => benchmarks.PassThroughOnSession(), benchmarks.UseAscii),
            new("whole chain, on an MCP session", () => benchmarks.WholeChainOnSession(), benchmarks.UseAscii),
        ];

        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            foreach (Subject subject in subjects)
            {
                subject.Measure(isWarmUp: round < 0);
            }
        }

        Console.WriteLine("| subject | ns | over the first | against the naive clone | bytes over the first |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (Subject subject in subjects)
        {
            double over = subject.Over(passThrough);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {subject.Name} | {subject.Median:N0} | {over:N0} | {over / naiveClone.Over(passThrough):N2} | {subject.Bytes - passThrough.Bytes:N0} |"));
        }
    }

    private sealed class Subject(string name, Action send, Action setUp)
    {
        private readonly List<double> _nanoseconds = [];

        public string Name => name;

        public long Bytes { get; private set; }

        public double Median => Statistics.Median(_nanoseconds);

        public double Over(Subject baseline) => Statistics.Median(_nanoseconds.Zip(baseline._nanoseconds, (own, other) => own - other));

        public void Measure(bool isWarmUp)
        {
            setUp();
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int request = 0; request < Requests; request++)
            {
                send();
            }

            double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            Bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / Requests;
            if (!isWarmUp)
            {
                _nanoseconds.Add(nanoseconds / Requests);
            }
        }
    }
}
