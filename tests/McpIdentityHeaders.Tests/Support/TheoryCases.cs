namespace McpIdentityHeaders.Tests.Support;

/// <summary>Data of theories that run each case in two ways, by Send and by SendAsync for instance.</summary>
internal static class TheoryCases
{
    public static TheoryData<string, bool> InBothWays(params IEnumerable<string> cases)
    {
        var data = new TheoryData<string, bool>();
        foreach (string value in cases)
        {
            data.Add(value, false);
            data.Add(value, true);
        }

        return data;
    }
}
