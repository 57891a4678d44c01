using System.Text.Json;
using System.Text.Json.Serialization;

namespace McpIdentityHeaders.Tests.Headers;

/// <summary>One case of vectors.json, which both ends of the wire are tested against.</summary>
internal sealed class VectorCase
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public required string Name { get; init; }

    public required string[][] Claims { get; init; }

    public VectorHeader[]? Headers { get; init; }

    public string[][] Request { get; init; } = [];

    public string[][] ContentRequest { get; init; } = [];

    public string? ConnectionWithout { get; init; }

    public HeaderValueEncoding Encoding { get; init; }

    public Dictionary<string, string> Expect { get; init; } = [];

    public bool Rejected { get; init; }

    public ClaimsPrincipal User => new(new ClaimsIdentity(
        Claims.Select(claim => new Claim(claim[0], claim[1], claim.Length > 2 ? claim[2] : ClaimValueTypes.String)), "test"));

    public static IReadOnlyList<VectorCase> All { get; } = Load();

    private static List<VectorCase> Load()
    {
        using Stream stream = typeof(VectorCase).Assembly.GetManifestResourceStream("vectors.json")!;
        using JsonDocument document = JsonDocument.Parse(stream);
        return document.RootElement.GetProperty("cases").Deserialize<List<VectorCase>>(Json)!;
    }

    internal sealed class VectorHeader
    {
        public required string Header { get; init; }

        public required string[] Claims { get; init; }

        public string? JsonPath { get; init; }

        public ClaimValueFormat Format { get; init; }

        public bool Required { get; init; }

        public ClaimHeader ToClaimHeader() => new(Header, Claims) { JsonPath = JsonPath, Format = Format, Required = Required };
    }
}
