using System.Text.Json;
using System.Text.Json.Serialization;

namespace McpIdentityHeaders.Tests.Headers;

/// <summary>A single value of vectors.json as a receiver meets it: the text that it is, or null where it is not canonical.</summary>
internal sealed class ReceivedVector
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public required string Name { get; init; }

    public required string Value { get; init; }

    public string? Text { get; init; }

    public bool Refused { get; init; }

    public static IReadOnlyList<ReceivedVector> All { get; } = Load();

    private static List<ReceivedVector> Load()
    {
        using Stream stream = typeof(ReceivedVector).Assembly.GetManifestResourceStream("vectors.json")!;
        using JsonDocument document = JsonDocument.Parse(stream);
        return document.RootElement.GetProperty("received").Deserialize<List<ReceivedVector>>(Json)!;
    }
}
