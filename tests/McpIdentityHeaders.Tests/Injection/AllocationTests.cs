using System.Diagnostics;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// The bytes that a request allocates over one through a pass-through handler, exactly: they do not depend on the machine's speed. A change
/// that costs or saves some changes the figures here and in docs/performance.md.
/// </summary>
public sealed class AllocationTests
{
    // HttpRequestMessage.Options, which allocates on first access: to copy the options, or to look for a request's user once any request
    // has had one set.
    private const int Options = 104;

    // The two values of Accept: enumerating them allocates an array.
    private const int Values = 40;

    // A message without headers: its user and its UTF-8 header names take 16 bytes.
    private const int Clone = 88;

    // The clone's collection of eight headers, one of them with two values.
    private const int Headers = 392;

    // The clone's options with one copied entry: SetUser's, or the MCP session's. The request's options exist already.
    private const int CopiedOptions = 240;

    // A deferred response: one state machine, which is also the caller's task. A debug build makes the state machine a class: two objects.
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
                $"handler, deferred: {Known + Waiting}",
                $"chain, deferred: {Known + Waiting}",
                $"chain, anonymous: {Values}",
                "handler, unknown: 0",
                "chain, unknown: 0",
                $"chain, user in the options: {Known - Options + CopiedOptions}",
                $"chain, session's user: {Known - Options + CopiedOptions}",
                "chain, session without a user: 0",
                $"handler, unknown after it: {Options}",
                $"chain, unknown after it: {Options}",
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
