using ModelContextProtocol.Protocol;

namespace Quickstart;

/// <summary>A header line as it arrived.</summary>
internal sealed record WireHeader(string Name, string RawValue)
{
    /// <summary>Gets what the value means: MCP's own encoding of header values undone. Null if it cannot be.</summary>
    public string? DecodedValue => McpHeaderEncoder.DecodeValue(RawValue);

    public bool IsAssertion => Name.Equals("X-User-Assertion", StringComparison.OrdinalIgnoreCase);

    public static WireHeader Parse(string line) =>
        line.Split(": ", 2) is [{ } name, { } value] ? new WireHeader(name, value) : new WireHeader(line, string.Empty);
}
