using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>The decoder of docs/receiving.md in C#, as it stands there.</summary>
internal static class DecodeSnippet
{
    // <snippet>
    // C#, with the MCP SDK
    internal static string Decode(string value)
    {
        string? text = McpHeaderEncoder.DecodeValue(value);
        return McpHeaderEncoder.EncodeValue(text) == value && !string.IsNullOrWhiteSpace(text) ? text : throw new FormatException();
    }
    // </snippet>
}
