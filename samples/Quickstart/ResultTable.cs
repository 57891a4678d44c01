namespace Quickstart;

/// <summary>Prints who called, what each server saw, and what that means.</summary>
internal static class ResultTable
{
    private static readonly string[] Titles = ["caller", "header", "on the wire", "decoded"];

    public static void Print(IReadOnlyList<Call> calls)
    {
        List<IGrouping<WhoAmIServer, Call>> servers = [.. calls.GroupBy(call => call.Server)];
        int[] widths = WidthsOf([Titles, .. calls.SelectMany(RowsOf)]);

        foreach (IGrouping<WhoAmIServer, Call> server in servers)
        {
            Console.WriteLine();
            Console.WriteLine(Heading(server));
            Console.WriteLine();
            PrintRow(Titles, widths);
            PrintRow([.. widths.Select(width => new string('-', width))], widths);

            foreach (string[] row in server.SelectMany(RowsOf))
            {
                PrintRow(row, widths);
            }
        }

        Console.WriteLine();
    }

    private static string Heading(IGrouping<WhoAmIServer, Call> server)
    {
        List<Answer> answers = [.. server.Select(call => call.Answer).OfType<Answer>()];
        int sessions = answers.Select(answer => answer.SessionId).OfType<string>().Distinct().Count();

        string name = $"{char.ToUpperInvariant(server.Key.Name[0])}{server.Key.Name[1..]}";
        if (answers.Count == 0)
        {
            return $"{name}: no call got through";
        }

        return $"{name}, protocol {string.Join(" and ", answers.Select(answer => answer.Protocol).Distinct())}: "
            + (sessions == 0 ? "one client, shared" : $"{sessions} sessions for {server.Count()} callers");
    }

    /// <summary>A row for each header that arrived, the first with the caller's name; a call without any has a row, too.</summary>
    private static IEnumerable<string[]> RowsOf(Call call)
    {
        string caller = call.Problem is null ? call.Caller.Name : $"{call.Caller.Name} (wrong)";

        return call.Answer switch
        {
            null => [[caller, "-", "(the call failed)", "-"]],
            { Headers: [] } => [[caller, "-", "(no identity header)", "anonymous"]],
            { Assertions: [{ } assertion], Headers: var claims } =>
                [[caller, assertion.Name, $"{assertion.RawValue[..20]}… ({assertion.RawValue.Length} bytes)", Verified(claims)]],
            { Headers: var headers } => headers.Select((header, index) =>
                new[] { index == 0 ? caller : string.Empty, header.Name, header.RawValue, Visible(header.DecodedValue) }),
        };
    }

    private static string Verified(IEnumerable<WireHeader> claims) =>
        string.Join(", ", claims.Select(claim => $"{claim.Name}={Visible(claim.DecodedValue)}"));

    private static string Visible(string? decoded) => decoded?.Replace("\r", "\\r").Replace("\n", "\\n") ?? "(cannot be decoded)";

    private static int[] WidthsOf(IReadOnlyList<string[]> rows) =>
        [.. Titles.Select((_, column) => rows.Max(row => DisplayWidth.Of(row[column])))];

    private static void PrintRow(string[] cells, int[] widths) =>
        Console.WriteLine(string.Join("  ", cells.Zip(widths, DisplayWidth.Pad)).TrimEnd());
}
