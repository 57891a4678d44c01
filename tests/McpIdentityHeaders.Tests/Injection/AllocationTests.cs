using System.Diagnostics;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// The bytes that a request allocates over one through a handler that does nothing, to the byte: a machine's speed has no part in them.
/// Where a change costs or saves some, the figures here and in docs/performance.md change with it.
/// </summary>
public sealed class AllocationTests
{
    // HttpRequestMessage.Options, which the framework makes when they are first looked at.
    private const int Options = 104;

    // The two values of Accept, which the framework puts into an array for each look at them: to check them, and to copy them.
    private const int Values = 40;

    // A message without headers of its own, with its user, where its headers come from, what an assertion is to say, and the names of
    // headers
    // to be written as UTF-8.
    private const int Message = 104;

    // The clone's collection of eight headers, one of them with two values.
    private const int Headers = 392;

    // The clone's own options, with one entry copied: SetUser's, or that of an MCP session. The request's are there already.
    private const int CopiedOptions = 296;

    // One state machine a handler, which is also the task that its caller awaits. Without optimization they are larger.
#if DEBUG
    private const int WaitingInjection = 208;
    private const int WaitingRedirect = 200;
#else
    private const int WaitingInjection = 144;
    private const int WaitingRedirect = 144;
#endif

    // The user's identity as it is read: its claims, and the version of their list.
    private const int Identity = 56;

    // The name's bytes, their Base64, and the header's value.
    private const int Encoded = 232;

    [Fact]
    public async Task Request_allocates_its_clone_and_its_state_machines()
    {
        const int Handler = Options + Values + Message + Headers + Identity + WaitingInjection;
        const int Chain = Handler + WaitingRedirect;
        const int Unknown = Options + WaitingInjection;

        Assert.Equal(
            [
                "naive clone: 984",
                $"handler: {Handler}",
                $"chain: {Chain}",
                $"chain, many claims: {Chain}",
                $"chain, name not ASCII: {Chain + Encoded}",
                $"chain, anonymous: {Unknown + WaitingRedirect + Values}",
                $"handler, unknown: {Unknown}",
                $"chain, unknown: {Unknown + WaitingRedirect}",
                $"chain, SetUser: {Chain - Options + CopiedOptions}",
                $"chain, session's user: {Chain - Options + CopiedOptions}",
                $"chain, session without a user: {Unknown + WaitingRedirect - Options}",
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
