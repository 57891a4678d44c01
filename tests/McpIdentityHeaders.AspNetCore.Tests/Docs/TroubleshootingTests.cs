using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Each mistake of docs/troubleshooting.md is made on purpose: what a row quotes is what is seen.</summary>
public sealed partial class TroubleshootingTests
{
    private static readonly Dictionary<string, Func<Symptoms, Task>> Mistakes =
        new(SendingMistakes.All.Concat(StartupMistakes.All).Concat(ReceivingMistakes.All));

    public static TheoryData<string> Rows => [.. ReadRows().Select(row => row.Symptom)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Mistake_shows_what_the_page_quotes(string symptom)
    {
        Row row = Assert.Single(ReadRows(), row => row.Symptom == symptom);
        Assert.True(Mistakes.TryGetValue(symptom, out Func<Symptoms, Task>? make), $"No test makes the mistake of the row {symptom}");
        using var seen = new Symptoms();

        await make(seen);

        switch (row.Kind)
        {
            case "event":
                Assert.All(Quotes(row.Symptom), name => Assert.Contains(name, seen.Events));
                Assert.Equal(Quotes(row.Cells[1]).Order(), seen.Outcomes.Order());
                break;
            case "reason":
                Assert.Equal(Quotes(row.Symptom), seen.Reasons.Select(reason => reason.ToString()).Distinct());
                break;
            default:
                Assert.All(Quotes(row.Symptom), quote => Assert.Contains(seen.Texts, text => ToPattern(quote).IsMatch(text)));
                Assert.All(Status().Matches(row.Symptom), status => Assert.Contains(
                    seen.Texts, text => text.StartsWith(status.Value, StringComparison.Ordinal)));
                break;
        }

        Assert.All(seen.Texts, text => Assert.DoesNotContain(SendingMistakes.Value, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_mistake_is_on_the_page() => Assert.Empty(Mistakes.Keys.Except(ReadRows().Select(row => row.Symptom)));

    [Fact]
    public async Task Client_without_claim_injection_says_nothing_as_it_starts()
    {
        using var seen = new Symptoms();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddTraceLogging(seen.Logs);
        builder.Services.AddMcpClient("with", new Uri("http://notes.test/mcp")).AddClaimInjection();
        builder.Services.AddMcpClient("without", new Uri("http://notes.test/mcp"));
        using IHost host = builder.Build();

        await host.StartAsync();
        await host.StopAsync();

        string started = Assert.Single(seen.Logs.GetSnapshot(), log => log.Id.Name == "ClientStarted").Message;
        Assert.Contains("'with'", started, StringComparison.Ordinal);
    }

    private static IEnumerable<Row> ReadRows()
    {
        string kind = string.Empty;
        string? previous = null;
        foreach (string line in DocPage.At("docs/troubleshooting.md").Text.Split('\n'))
        {
            if (line.StartsWith("| ---", StringComparison.Ordinal))
            {
                kind = Split(previous!)[0];
            }
            else if (previous?.StartsWith("| ", StringComparison.Ordinal) == true && line.StartsWith("| ", StringComparison.Ordinal))
            {
                yield return new Row(kind, Split(line));
            }

            previous = line;
        }
    }

    private static string[] Split(string line) => [.. line.Trim().Trim('|').Split(" | ").Select(cell => cell.Trim())];

    private static IEnumerable<string> Quotes(string cell) => Quote().Matches(cell).Select(quote => quote.Groups["text"].Value);

    private static Regex ToPattern(string quote) => new(Regex.Escape(quote).Replace("…", "[^']+", StringComparison.Ordinal));

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Quote();

    [GeneratedRegex(@"^\d{3}\b")]
    private static partial Regex Status();

    private sealed record Row(string Kind, string[] Cells)
    {
        public string Symptom => Cells[0];
    }
}
