using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Quickstart;

/// <summary>What a server's whoami tool answered, and over which protocol.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="SessionId">The MCP session, if there is one.</param>
/// <param name="Headers">The headers that arrived, or the claims that were verified.</param>
/// <param name="Assertions">The signed assertions that arrived.</param>
internal sealed record Answer(
    string? Protocol, string? SessionId, IReadOnlyList<WireHeader> Headers, IReadOnlyList<WireHeader> Assertions)
{
    public static Answer Of(McpClient client, CallToolResult result)
    {
        string text = string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));
        if (result.IsError == true)
        {
            throw new InvalidOperationException(text);
        }

        WireHeader[] lines = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(WireHeader.Parse)];
        return new Answer(
            client.NegotiatedProtocolVersion,
            client.SessionId,
            Array.FindAll(lines, line => !line.IsAssertion),
            Array.FindAll(lines, line => line.IsAssertion));
    }
}
