using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Conformance;

/// <summary>Prompts, one of which asks first.</summary>
[McpServerPromptType]
internal sealed class ConformancePrompts
{
    [McpServerPrompt(Name = "test_simple_prompt"), Description("A text.")]
    public static GetPromptResult Simple() => Say("This is a simple prompt for testing.");

    [McpServerPrompt(Name = "test_prompt_with_arguments"), Description("A text with arguments.")]
    public static GetPromptResult WithArguments([Description("The first.")] string arg1, [Description("The second.")] string arg2) =>
        Say($"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'");

    [McpServerPrompt(Name = "test_prompt_with_embedded_resource"), Description("A resource and a text.")]
    public static GetPromptResult WithResource([Description("Which.")] string resourceUri) => Say(
        ConformanceTools.Embed(resourceUri, "text/plain", "Embedded resource content for testing."),
        new TextContentBlock { Text = "Please process the embedded resource above." });

    [McpServerPrompt(Name = "test_prompt_with_image"), Description("A picture and a text.")]
    public static GetPromptResult WithImage() =>
        Say(ConformanceTools.Image(), new TextContentBlock { Text = "Please analyze the image above." });

    [McpServerPrompt(Name = "test_input_required_result_prompt"), Description("Asks which context to use.")]
    public static GetPromptResult Ask(RequestContext<GetPromptRequestParams> request) => Say(
        ConformanceQuestions.ReadAnswer(request.Params!, "user_context", "What context should the prompt use?", "context"));

    private static GetPromptResult Say(string text) => Say(new TextContentBlock { Text = text });

    private static GetPromptResult Say(params ContentBlock[] contents) =>
        new() { Messages = [.. contents.Select(content => new PromptMessage { Role = Role.User, Content = content })] };
}
