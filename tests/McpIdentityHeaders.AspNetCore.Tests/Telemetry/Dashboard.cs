using System.Text.Json;
using System.Text.RegularExpressions;
using McpIdentityHeaders.AspNetCore.Tests.Docs;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>The queries of docs/grafana-dashboard.json, with values for what Grafana fills in.</summary>
internal static partial class Dashboard
{
    /// <summary>Gets the PromQL of all panels.</summary>
    public static IReadOnlyList<string> Queries { get; } = ReadQueries();

    /// <summary>Gets the metric and the label that a reader chooses values of, for each variable.</summary>
    public static IReadOnlyList<(string Metric, string Label)> Variables { get; } = ReadVariables();

    /// <summary>Reads the metrics that a query names, each with the labels that it selects or groups them by.</summary>
    public static IEnumerable<(string Metric, string[] Labels)> ReadMetrics(string query)
    {
        string[] grouped =
        [
            .. Grouping().Matches(query).SelectMany(by => by.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries)),
        ];
        foreach (Match metric in Metric().Matches(query))
        {
            IEnumerable<string> selected =
                Matcher().Matches(metric.Groups["matchers"].Value).Select(matcher => matcher.Groups["label"].Value);
            yield return (metric.Groups["name"].Value, [.. grouped, .. selected]);
        }
    }

    /// <summary>Reads the values that a query compares a label with; none that is a pattern.</summary>
    public static IEnumerable<(string Label, string Value)> ReadValues(string query) =>
        from matcher in Matcher().Matches(query)
        where !matcher.Groups["operator"].Value.EndsWith('~')
        select (matcher.Groups["label"].Value, matcher.Groups["value"].Value);

    private static IReadOnlyList<string> ReadQueries()
    {
        using JsonDocument dashboard = Read();
        return
        [
            .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
               from target in panel.GetProperty("targets").EnumerateArray()
               select target.GetProperty("expr").GetString()!.Replace("$client", ".*").Replace("$__rate_interval", "1m"),
        ];
    }

    private static IReadOnlyList<(string, string)> ReadVariables()
    {
        using JsonDocument dashboard = Read();
        return
        [
            .. from variable in dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
               where variable.GetProperty("type").GetString() == "query"
               let values = LabelValues().Match(variable.GetProperty("query").GetProperty("query").GetString()!)
               select (values.Groups["metric"].Value, values.Groups["label"].Value),
        ];
    }

    private static JsonDocument Read() => JsonDocument.Parse(File.ReadAllText(Path.Combine(DocPage.Root, "docs/grafana-dashboard.json")));

    [GeneratedRegex(@"\bby \((?<labels>[^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\b(?<name>mcp_\w+)(\{(?<matchers>[^}]*)\})?")]
    private static partial Regex Metric();

    [GeneratedRegex("(?<label>\\w+)\\s*(?<operator>=~|!~|!=|=)\\s*\"(?<value>[^\"]*)\"")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"^label_values\((?<metric>\w+), (?<label>\w+)\)$")]
    private static partial Regex LabelValues();
}
