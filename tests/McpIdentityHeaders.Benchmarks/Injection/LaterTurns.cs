using System.Diagnostics;
using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>
/// <see cref="LaterBenchmarks"/> in turns within one process: a machine that changes its speed from one minute to the next changes it for
/// all of them alike.
/// </summary>
internal static class LaterTurns
{
    // Short turns: most of them pass between two disturbances, and the median is one of those.
    private const int Requests = 100;
    private const int WarmUpRounds = 400;

    public static void Run(int rounds)
    {
        var benchmarks = new LaterBenchmarks();
        var passThrough = NewSubject("a pass-through handler", () => benchmarks.PassThrough(), benchmarks.UseAscii);
        var naiveClone = NewSubject("naive clone", () => benchmarks.NaiveClone(), benchmarks.UseAscii);
        TurnSubject[] subjects =
        [
            passThrough,
            NewSubject("a handler that awaits", () => benchmarks.Awaiting(), benchmarks.UseAscii),
            NewSubject("naive, in place", () => benchmarks.NaiveInPlace(), benchmarks.UseAscii),
            NewSubject("HeaderPropagation", () => benchmarks.HeaderPropagation(), benchmarks.UseAscii),
            naiveClone,
            NewSubject("ClaimInjectionHandler", () => benchmarks.ClaimInjection(), benchmarks.UseAscii),
            NewSubject("whole chain", () => benchmarks.WholeChain(), benchmarks.UseAscii),
            NewSubject("ClaimInjectionHandler, unknown user", () => benchmarks.ClaimInjectionForUnknown(), benchmarks.UseUnknown),
            NewSubject("whole chain, unknown user", () => benchmarks.WholeChainForUnknown(), benchmarks.UseUnknown),
            NewSubject("ClaimInjectionHandler, name not ASCII", () => benchmarks.ClaimInjectionOfNonAscii(), benchmarks.UseNonAscii),
            NewSubject("ClaimInjectionHandler, 200 claims", () => benchmarks.ClaimInjectionOf200Claims(), benchmarks.UseManyClaims),
            NewSubject("ClaimInjectionHandler, 20 groups", () => benchmarks.ClaimInjectionOf20Groups(), benchmarks.UseTwentyGroups),
            NewSubject("a pass-through handler, on an MCP session", () => benchmarks.PassThroughOnSession(), benchmarks.UseAscii),
            NewSubject("whole chain, on an MCP session", () => benchmarks.WholeChainOnSession(), benchmarks.UseAscii),
        ];

        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            foreach (TurnSubject subject in subjects)
            {
                subject.Measure(isWarmUp: round < 0);
            }
        }

        Console.WriteLine("| subject | ns | over the first | against the naive clone | bytes over the first |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (TurnSubject subject in subjects)
        {
            double over = subject.Over(passThrough);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {subject.Name} | {subject.Median:N0} | {over:N0} | {over / naiveClone.Over(passThrough):N2} "
                + $"| {subject.Bytes - passThrough.Bytes:N0} |"));
        }
    }

    private static TurnSubject NewSubject(string name, Action send, Action setUp) =>
        new(name, send, Requests, static () => Stopwatch.GetElapsedTime(0), setUp);
}
