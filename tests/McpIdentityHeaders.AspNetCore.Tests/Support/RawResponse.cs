using System.Text.Json;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A response as it came.</summary>
internal sealed record RawResponse(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    /// <summary>Gets whom the server took its caller for.</summary>
    public ReceivedUser User
    {
        get
        {
            Assert.Equal(200, Status);
            return JsonSerializer.Deserialize<ReceivedUser>(Body)!;
        }
    }

    public string[] Values(string name) =>
        [.. Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value)];
}
