using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Quickstart;

/// <summary>What a server's whoami tool answered, and over which protocol.</summary>
internal sealed record Answer(string? Protocol, string? SessionId, IReadOnlyList<WireHeader> Headers)
{
    public static Answer Of(McpClient client, CallToolResult result)
    {
        string text = string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));
        if (result.IsError == true)
        {
            throw new InvalidOperationException(text);
        }

        return new Answer(
            client.NegotiatedProtocolVersion,
            client.SessionId,
            [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(WireHeader.Parse)]);
    }
}
