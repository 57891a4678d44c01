using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>A prompt that returns its user.</summary>
[McpServerPromptType]
internal sealed class UserPrompts
{
    [McpServerPrompt(Name = "who")]
    public static async Task<string> WhoAsync()
    {
        await Task.Yield();
        return UserNames.Ambient;
    }
}
