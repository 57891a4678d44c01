namespace McpIdentityHeaders.Tests.Support;

/// <summary>The lines of a request's head as they came, each byte one character (ISO 8859-1).</summary>
internal sealed class RawHead(string[] lines)
{
    public string RequestLine => lines[0];

    /// <summary>Gets all lines after the first.</summary>
    public IReadOnlyList<string> HeaderLines => lines[1..];

    public IReadOnlyList<KeyValuePair<string, string>> Headers => [.. HeaderLines.Select(Split)];

    /// <summary>Every header that a server could take for an X-User header.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Identity => [.. Headers.Where(header =>
        header.Key.Replace('_', '-').Replace('.', '-').StartsWith("x-user-", StringComparison.OrdinalIgnoreCase))];

    public string[] Values(string name) =>
        [.. Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value)];

    private static KeyValuePair<string, string> Split(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        Assert.True(colon > 0, $"Not a header line: {line}");
        return KeyValuePair.Create(line[..colon], line[(colon + 1)..].Trim(' '));
    }
}
