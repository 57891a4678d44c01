using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// The benchmarks of <see cref="InjectionBenchmarks"/> in short turns within one process, so that what else the machine does falls on all of
/// them. What is over the baseline is the median of each round's difference.
/// </summary>
internal static class InjectionTurns
{
    private const int Requests = 2_000;
    private const int WarmUpRounds = 20;
    private const int HeaderPropagation = 2;

    public static void Run(int rounds)
    {
        var benchmarks = new InjectionBenchmarks();
        (string Name, Action SetUp, Func<HttpStatusCode> Send)[] subjects =
        [
            ("a pass-through handler", benchmarks.Known, benchmarks.PassThrough),
            ("naive, in place", benchmarks.Known, benchmarks.NaiveInPlace),
            ("HeaderPropagation", benchmarks.Known, benchmarks.HeaderPropagation),
            ("naive clone", benchmarks.Known, benchmarks.NaiveClone),
            ("ClaimInjectionHandler", benchmarks.Known, benchmarks.ClaimInjection),
            ("whole chain", benchmarks.Known, benchmarks.WholeChain),
            ("Options looked at, no more", benchmarks.NotKnown, benchmarks.OptionsLookedAt),
            ("ClaimInjectionHandler, user not known", benchmarks.NotKnown, benchmarks.ClaimInjection),
            ("whole chain, user not known", benchmarks.NotKnown, benchmarks.WholeChain),
            ("ClaimInjectionHandler, name not ASCII", benchmarks.NonAscii, benchmarks.ClaimInjection),
            ("ClaimInjectionHandler, 200 claims", benchmarks.ManyClaims, benchmarks.ClaimInjection),
            ("ClaimInjectionHandler, 1 group", benchmarks.OneGroup, benchmarks.ClaimInjectionOf1Group),
            ("ClaimInjectionHandler, 20 groups", benchmarks.TwentyGroups, benchmarks.ClaimInjectionOf20Groups),
        ];

        var nanoseconds = new double[subjects.Length][];
        var bytes = new long[subjects.Length];
        for (int subject = 0; subject < subjects.Length; subject++)
        {
            nanoseconds[subject] = new double[rounds];
        }

        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            for (int subject = 0; subject < subjects.Length; subject++)
            {
                (_, Action setUp, Func<HttpStatusCode> send) = subjects[subject];
                setUp();

                long allocated = GC.GetAllocatedBytesForCurrentThread();
                long start = Stopwatch.GetTimestamp();
                for (int request = 0; request < Requests; request++)
                {
                    send();
                }

                double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                if (round >= 0)
                {
                    nanoseconds[subject][round] = elapsed / Requests;
                    bytes[subject] = (GC.GetAllocatedBytesForCurrentThread() - allocated) / Requests;
                }
            }
        }

        Console.WriteLine($"{rounds} rounds of {Requests} requests each, .NET {Environment.Version}, {Environment.OSVersion}, {Environment.ProcessorCount} cores");
        Console.WriteLine();
        Console.WriteLine("| subject | ns | ns over the baseline | against HeaderPropagation's | bytes over the baseline |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        double propagation = Over(nanoseconds, HeaderPropagation);
        for (int subject = 0; subject < subjects.Length; subject++)
        {
            double over = Over(nanoseconds, subject);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {subjects[subject].Name} | {Statistics.Median(nanoseconds[subject]):N0} | {over:N0} | {over / propagation:N2} | {bytes[subject] - bytes[0]:N0} |"));
        }
    }

    private static double Over(double[][] nanoseconds, int subject) =>
        Statistics.Median(nanoseconds[subject].Zip(nanoseconds[0], (own, baseline) => own - baseline));
}
