using System.Text;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>The README's decoder for a backend in C# without the MCP SDK, as it stands there.</summary>
internal static class DecodeSnippet
{
    // <snippet>
    internal static string Decode(string value) =>
        value.Length >= 11 && value.StartsWith("=?base64?", StringComparison.Ordinal) && value.EndsWith("?=", StringComparison.Ordinal)
            ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Convert.FromBase64String(value[9..^2]))
            : value;
    // </snippet>
}
