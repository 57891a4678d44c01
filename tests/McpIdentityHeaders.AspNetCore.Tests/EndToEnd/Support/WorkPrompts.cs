using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>Prompts with text and with a link to a resource.</summary>
[McpServerPromptType]
internal sealed class WorkPrompts
{
    [McpServerPrompt(Name = "greet", Title = "Greeting"), Description("Greets someone.")]
    public static string Greet(string name) => $"Greet {name}.";

    [McpServerPrompt(Name = "review"), Description("Asks for a review of the manual.")]
    public static PromptMessage Review() => new()
    {
        Role = Role.User,
        Content = new ResourceLinkBlock { Uri = WorkResources.Manual, Name = "manual" },
    };
}
