using System.Globalization;

namespace McpIdentityHeaders.Benchmarks.Assertions;

/// <summary>
/// <see cref="AssertionBenchmarks"/> and <see cref="AssertionSignatureBenchmarks"/> in turns within one process, by the processor's time:
/// what else runs on the machine does not count.
/// </summary>
internal static class AssertionTurns
{
    private const int Requests = 5_000;
    private const int Signatures = 500;
    private const int WarmUpRounds = 20;

    public static void Run(int rounds)
    {
        var requests = new AssertionBenchmarks();
        requests.SetUp();
        Write(rounds, [
            NewSubject("chain with a constant header of the assertion's length", () => requests.ChainWithConstantHeader(), Requests),
            NewSubject("chain", () => requests.Chain(), Requests),
            NewSubject("chain with an assertion that is sent again", () => requests.ChainWithAssertion(), Requests),
        ]);
        requests.CleanUp();

        var signatures = new AssertionSignatureBenchmarks();
        Write(rounds, [
            NewSubject("signature alone", () => signatures.Signature(), Signatures),
            NewSubject("token of the library alone", () => signatures.TokenOfTheLibrary(), Signatures),
            NewSubject("new assertion", () => signatures.Assertion(), Signatures),
        ]);
        signatures.CleanUp();
    }

    private static TurnSubject NewSubject(string name, Action run, int repetitions) =>
        new(name, run, repetitions, static () => Environment.CpuUsage.TotalTime);

    private static void Write(int rounds, TurnSubject[] subjects)
    {
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            foreach (TurnSubject subject in subjects)
            {
                subject.Measure(isWarmUp: round < 0);
            }
        }

        Console.WriteLine("| subject | processor ns | over the first | against the first | bytes over the first |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (TurnSubject subject in subjects)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {subject.Name} | {subject.Median:N0} | {subject.Over(subjects[0]):N0} | {subject.RatioTo(subjects[0]):N2} | "
                + $"{subject.Bytes - subjects[0].Bytes:N0} |"));
        }

        Console.WriteLine();
    }
}
