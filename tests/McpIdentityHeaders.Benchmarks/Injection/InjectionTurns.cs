using System.Diagnostics;
using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// Runs benchmarks in short turns within one process, so that other load affects all of them alike. The cost over the baseline is the
/// median of each round's difference.
/// </summary>
internal static class InjectionTurns
{
    private const int Requests = 2_000;
    private const int WarmUpRounds = 20;

    public static void Run(int rounds)
    {
        Console.WriteLine($"{rounds} rounds of {Requests} requests each, .NET {Environment.Version}, {Environment.OSVersion}, {Environment.ProcessorCount} cores");

        var handlers = new InjectionBenchmarks();
        Print(
            rounds,
            reference: 2,
            [
                new("a pass-through handler", () => handlers.PassThrough(), handlers.KnownUser),
                new("naive, in place", () => handlers.NaiveInPlace(), handlers.KnownUser),
                new("HeaderPropagation", () => handlers.HeaderPropagation(), handlers.KnownUser),
                new("naive clone", () => handlers.NaiveClone(), handlers.KnownUser),
                new("ClaimInjectionHandler", () => handlers.ClaimInjection(), handlers.KnownUser),
                new("whole chain", () => handlers.WholeChain(), handlers.KnownUser),
                new("ClaimInjectionHandler, unknown user", () => handlers.ClaimInjectionUnknown(), handlers.UnknownUser),
                new("whole chain, unknown user", () => handlers.WholeChainUnknown(), handlers.UnknownUser),
                new("ClaimInjectionHandler, name not ASCII", () => handlers.ClaimInjectionNonAscii(), handlers.NonAscii),
                new("ClaimInjectionHandler, 200 claims", () => handlers.ClaimInjectionOf200Claims(), handlers.ManyClaims),
                new("ClaimInjectionHandler, 1 group", () => handlers.ClaimInjectionOf1Group(), handlers.OneGroup),
                new("ClaimInjectionHandler, 20 groups", () => handlers.ClaimInjectionOf20Groups(), handlers.TwentyGroups),
            ]);

        // SetUser makes every later request read its options: run the benchmarks without it first.
        Print(
            rounds,
            reference: 1,
            [
                new("a pass-through handler", () => handlers.PassThrough(), handlers.AfterSetUser),
                new("a handler that reads Options", () => handlers.OptionsRead(), handlers.AfterSetUser),
                new("ClaimInjectionHandler, unknown user", () => handlers.ClaimInjectionUnknownAfterSetUser(), handlers.AfterSetUser),
                new("whole chain, unknown user", () => handlers.WholeChainUnknownAfterSetUser(), handlers.AfterSetUser),
            ]);

        var session = new SessionBenchmarks();
        Print(
            rounds,
            reference: 1,
            [
                new("in an MCP session: a pass-through handler", () => session.PassThrough()),
                new("whole chain", () => session.WholeChain()),
                new("whole chain, unknown user", () => session.WholeChainUnknown()),
            ]);

        var parts = new PartBenchmarks();
        Print(
            rounds,
            reference: 7,
            [
                new("a request", () => parts.Request()),
                new("its Options read", () => parts.OptionsRead()),
                new("its headers enumerated", () => parts.HeadersEnumerated()),
                new("its content's headers enumerated", () => parts.ContentHeadersEnumerated()),
                new("a clone without headers", () => parts.EmptyClone()),
                new("a clone without headers, with one option", () => parts.CloneWithOption()),
                new("a clone with its five headers", () => parts.CloneWithHeaders()),
                new("a clone with its five headers and three more", () => parts.CloneWithThreeMore()),
                new("six types looked for in eight claims", () => parts.ClaimsFound()),
            ]);

        PrintThreads(rounds / 4, [1, 2, 16]);
    }

    private static void PrintThreads(int rounds, int[] threads)
    {
        Console.WriteLine();
        Console.WriteLine("| threads | a pass-through handler, ns | whole chain, ns | ratio |");
        Console.WriteLine("| ---: | ---: | ---: | ---: |");
        foreach (int count in threads)
        {
            var benchmarks = new ThreadBenchmarks { Threads = count };
            benchmarks.StartThreads();
            var passThrough = new Subject("a pass-through handler", benchmarks.PassThrough, calls: 1, requests: ThreadBenchmarks.Requests);
            var chain = new Subject("whole chain", benchmarks.WholeChain, calls: 1, requests: ThreadBenchmarks.Requests);
            Measure(rounds, [passThrough, chain]);
            benchmarks.StopThreads();

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {count} | {passThrough.Median:N0} | {chain.Median:N0} | {chain.RatioTo(passThrough):N2} |"));
        }
    }

    private static void Print(int rounds, int reference, Subject[] subjects)
    {
        Measure(rounds, subjects);
        Console.WriteLine();
        Console.WriteLine($"| subject | ns | over the first | against {subjects[reference].Name} | bytes over the first |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (Subject subject in subjects)
        {
            double over = subject.Over(subjects[0]);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {subject.Name} | {subject.Median:N0} | {over:N0} | {over / subjects[reference].Over(subjects[0]):N2} | {subject.Bytes - subjects[0].Bytes:N0} |"));
        }
    }

    private static void Measure(int rounds, Subject[] subjects)
    {
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            foreach (Subject subject in subjects)
            {
                subject.Measure(isWarmUp: round < 0);
            }
        }
    }

    private sealed class Subject(string name, Action send, Action? setUp = null, int calls = Requests, int requests = Requests)
    {
        private readonly List<double> _nanoseconds = [];

        public string Name => name;

        public long Bytes { get; private set; }

        public double Median => Statistics.Median(_nanoseconds);

        public double RatioTo(Subject baseline) => Statistics.Median(_nanoseconds.Zip(baseline._nanoseconds, (own, other) => own / other));

        public double Over(Subject baseline) => Statistics.Median(_nanoseconds.Zip(baseline._nanoseconds, (own, other) => own - other));

        public void Measure(bool isWarmUp)
        {
            setUp?.Invoke();
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < calls; call++)
            {
                send();
            }

            double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            Bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / requests;
            if (!isWarmUp)
            {
                _nanoseconds.Add(nanoseconds / requests);
            }
        }
    }
}
