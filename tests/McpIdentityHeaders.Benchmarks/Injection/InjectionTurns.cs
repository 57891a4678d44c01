using System.Diagnostics;
using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// Benchmarks in short turns within one process, so that what else the machine does falls on all of them. What is over the baseline is the
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
                new("a pass-through handler", () => handlers.PassThrough(), handlers.Known),
                new("naive, in place", () => handlers.NaiveInPlace(), handlers.Known),
                new("HeaderPropagation", () => handlers.HeaderPropagation(), handlers.Known),
                new("naive clone", () => handlers.NaiveClone(), handlers.Known),
                new("ClaimInjectionHandler", () => handlers.ClaimInjection(), handlers.Known),
                new("whole chain", () => handlers.WholeChain(), handlers.Known),
                new("ClaimInjectionHandler, user not known", () => handlers.ClaimInjectionNotKnown(), handlers.NotKnown),
                new("whole chain, user not known", () => handlers.WholeChainNotKnown(), handlers.NotKnown),
                new("ClaimInjectionHandler, name not ASCII", () => handlers.ClaimInjectionNonAscii(), handlers.NonAscii),
                new("ClaimInjectionHandler, 200 claims", () => handlers.ClaimInjectionOf200Claims(), handlers.ManyClaims),
                new("ClaimInjectionHandler, 1 group", () => handlers.ClaimInjectionOf1Group(), handlers.OneGroup),
                new("ClaimInjectionHandler, 20 groups", () => handlers.ClaimInjectionOf20Groups(), handlers.TwentyGroups),
            ]);

        // From here on a request has been named a user, which those above have to come before.
        Print(
            rounds,
            reference: 1,
            [
                new("a pass-through handler", () => handlers.PassThrough(), handlers.NotKnownAmongNamed),
                new("a handler that looks at Options", () => handlers.OptionsLookedAt(), handlers.NotKnownAmongNamed),
                new("ClaimInjectionHandler, user not known", () => handlers.ClaimInjectionNotKnownAmongNamed(), handlers.NotKnownAmongNamed),
                new("whole chain, user not known", () => handlers.WholeChainNotKnownAmongNamed(), handlers.NotKnownAmongNamed),
            ]);

        var session = new SessionBenchmarks();
        Print(
            rounds,
            reference: 1,
            [
                new("in an MCP session: a pass-through handler", () => session.PassThrough()),
                new("whole chain", () => session.WholeChain()),
                new("whole chain, user not known", () => session.WholeChainNotKnown()),
            ]);

        var parts = new PartBenchmarks();
        Print(
            rounds,
            reference: 7,
            [
                new("a request", () => parts.Request()),
                new("its Options looked at", () => parts.OptionsLookedAt()),
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
            benchmarks.Hire();
            var passThrough = new Subject("a pass-through handler", benchmarks.PassThrough, calls: 1, requests: ThreadBenchmarks.Requests);
            var chain = new Subject("whole chain", benchmarks.WholeChain, calls: 1, requests: ThreadBenchmarks.Requests);
            Measure(rounds, [passThrough, chain]);
            benchmarks.Dismiss();

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
