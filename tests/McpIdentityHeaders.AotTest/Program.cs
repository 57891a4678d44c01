namespace McpIdentityHeaders.AotTest;

/// <summary>Runs real requests in a program published ahead of time. Prints a line a check; exit code 1 where one failed.</summary>
internal static class Program
{
    private static async Task<int> Main()
    {
        await using KeyPublisher publisher = await KeyPublisher.StartAsync();
        await using Backend backend = await Backend.StartAsync(publisher);
        var checks = new Checks(backend, publisher);
        (string Name, Func<Task> Run)[] all =
        [
            ("Claims arrive as headers, encoded", checks.ClaimsArriveEncodedAsync),
            ("Headers become the same claims again", checks.HeadersBecomeClaimsAsync),
            ("Anonymous request arrives without identity headers", checks.AnonymousRequestIsStrippedAsync),
            ("Claim with CR LF arrives as one encoded header", checks.LineBreakInClaimIsEncodedAsync),
            ("Caller's header with CR LF is refused", checks.LineBreakInHeaderIsRefusedAsync),
            ("Redirect to another origin carries no identity", checks.RedirectIsNotFollowedAsync),
            ("Assertion is signed, bound, verified by the published key, and becomes the claims", checks.AssertionBecomesClaimsAsync),
            ("Assertion for another backend is refused", checks.AssertionForAnotherBackendIsRefusedAsync),
            ("Misspelt setting is refused at start-up", Checks.MisspeltSettingIsRefusedAsync),
            ("Setting out of range is refused at start-up", Checks.SettingOutOfRangeIsRefusedAsync),
            ("Pooled MCP clients call tools as their users", checks.PooledClientsCallAsTheirUsersAsync),
        ];

        int failed = 0;
        foreach ((string name, Func<Task> run) in all)
        {
            try
            {
                await run().WaitAsync(TimeSpan.FromSeconds(30));
                Console.WriteLine($"passed: {name}");
            }
            catch (Exception exception)
            {
                failed++;
                Console.WriteLine($"failed: {name}: {exception}");
            }
        }

        return failed == 0 ? 0 : 1;
    }
}
