using System.Net;

namespace Gateway.Development;

/// <summary>All sample users at once, with clients of both kinds: does each get their own, and none what is another's?</summary>
internal static class Demo
{
    private static readonly string[] Protocols = ["2026-07-28", "2025-11-25"];

    /// <returns>The program's exit code: 0 if all was as it must be.</returns>
    public static async Task<int> RunAsync(Uri gateway, DevelopmentIssuer? issuer)
    {
        if (issuer is null)
        {
            await Console.Error.WriteLineAsync("The demo needs the sample users' tokens: run it in Development, without Oidc:Authority.");
            return 1;
        }

        DemoVisit[] visits = await Task.WhenAll(
            from user in SampleUser.All
            from protocol in Protocols
            select DemoVisit.MakeAsync(gateway, issuer.TokenFor(user), user, protocol));

        using var anonymous = new HttpClient();
        using HttpResponseMessage answer = await anonymous.PostAsync(gateway, content: null);

        Print("user", "protocol", "tools", "own notes", "list_all_notes", "verified", "the backend sees");
        Print("------", "----------", "-----", "---------", "--------------", "--------", "-----------------------------");
        foreach (DemoVisit visit in visits)
        {
            Print(visit.User.Subject, visit.Protocol, visit.Tools, visit.OwnNotes, visit.AllNotes, visit.SignedAs, visit.SeenAs);
        }

        Print("anonymous", "-", "-", "-", "-", "-", $"nothing: the gateway answered {(int)answer.StatusCode}");
        Console.WriteLine();

        List<string> problems =
            [.. visits.Where(visit => visit.Problem is not null).Select(visit => $"{visit.User.Subject}: {visit.Problem}")];
        if (answer.StatusCode != HttpStatusCode.Unauthorized)
        {
            problems.Add($"anonymous: the gateway answered {(int)answer.StatusCode}");
        }

        if (problems is [{ } first, ..])
        {
            await Console.Error.WriteLineAsync($"{problems.Count} went wrong, the first of them {first.TrimEnd('.')}.");
            return 1;
        }

        Console.WriteLine($"""
            {visits.Length} clients at once, and each was its own user to the backend, though all of them also sent
            'X-User-Sub: mallory' and 'X_User_Roles: admin'. The notes of one are no one else's, and the
            administrators' tool is for administrators. The second backend believes no header, and verified what the
            gateway had signed.
            """);
        return 0;
    }

    private static void Print(string user, string protocol, string tools, string own, string all, string signed, string seen) =>
        Console.WriteLine($"{user,-6}  {protocol,-10}  {tools,-5}  {own,-9}  {all,-14}  {signed,-8}  {seen}");
}
