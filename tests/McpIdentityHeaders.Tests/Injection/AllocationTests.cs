using System.Diagnostics;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// The bytes that a request allocates over one through a handler that does nothing, to the byte: a machine's speed has no part in them. Where
/// a change costs or saves some, the figures here and in docs/performance.md change with it.
/// </summary>
public sealed class AllocationTests
{
    // HttpRequestMessage.Options, which the framework makes when they are first looked at: to copy them, or to see what is said of a request
    // from when on anything was ever said of one.
    private const int Options = 104;

    // The two values of Accept, which the framework puts into an array for whoever looks at them.
    private const int Values = 40;

    // A message without headers of its own: whose it is, and which of its headers are to be written as UTF-8, are 16 of them.
    private const int Clone = 88;

    // The clone's collection of eight headers, one of them with two values.
    private const int Headers = 392;

    // The clone's own options, with one entry copied: SetUser's, or that of an MCP session. The request's are there already.
    private const int CopiedOptions = 240;

    // Where the answer comes later: the one state machine that waits for it, which is also the task that the caller has. The compiler makes
    // two objects of it where it does not optimise.
#if DEBUG
    private const int Waiting = 216;
#else
    private const int Waiting = 160;
#endif

    // The name's bytes, their Base64, and the header's value.
    private const int Encoded = 232;

    [Fact]
    public async Task Request_allocates_its_clone_and_nothing_else()
    {
        const int Known = Options + Values + Clone + Headers;

        Assert.Equal(
            [
                $"handler, known: {Known}",
                $"chain, known: {Known}",
                $"chain, known by many claims: {Known}",
                $"chain, name not ASCII: {Known + Encoded}",
                $"handler, answered later: {Known + Waiting}",
                $"chain, answered later: {Known + Waiting}",
                $"chain, nobody: {Values}",
                "handler, not known: 0",
                "chain, not known: 0",
                $"chain, user in the options: {Known - Options + CopiedOptions}",
                $"chain, session's user: {Known - Options + CopiedOptions}",
                "chain, session without a user: 0",
                $"handler, not known after it: {Options}",
                $"chain, not known after it: {Options}",
            ],
            await ReportAsync());
    }

    private static async Task<string[]> ReportAsync()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(AllocationReport).Assembly.Location, AllocationReport.Command])
        {
            RedirectStandardOutput = true,
        };
        foreach ((string name, string value) in AllocationReport.Environment)
        {
            start.Environment[name] = value;
        }

        using var report = Process.Start(start)!;
        string output = await report.StandardOutput.ReadToEndAsync();
        await report.WaitForExitAsync();
        Assert.Equal(0, report.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
