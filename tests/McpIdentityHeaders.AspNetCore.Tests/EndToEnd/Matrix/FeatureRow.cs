using System.Text.Json;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Matrix;

/// <summary>A feature of the protocol, as it is used on one server.</summary>
/// <param name="Name">What the row is called.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Target">The tool, prompt, resource or template that it is done with.</param>
/// <param name="Arguments">What it is done with.</param>
internal sealed record FeatureRow(string Name, string Kind, string Target = "", params (string Name, object Value)[] Arguments)
{
    private static readonly FeatureRow[] Lists =
    [
        new("instructions", "instructions"),
        new("tools", "tools"),
        new("prompts", "prompts"),
        new("resources", "resources"),
        new("templates", "templates"),
        new("ping", "ping"),
    ];

    /// <summary>Gets the rows for server-everything.</summary>
    public static IReadOnlyList<FeatureRow> Everything { get; } =
    [
        .. Lists,
        new("schema", "schemas", "get-structured-content"),
        new("text", "tool", "echo", ("message", "hello")),
        new("structured content", "tool", "get-structured-content", ("location", "Chicago")),
        new("image", "tool", "get-tiny-image"),
        new("annotations", "tool", "get-annotated-message", ("messageType", "error"), ("includeImage", true)),
        new("embedded resource", "tool", "get-resource-reference", ("resourceType", "Text"), ("resourceId", 1)),
        new("invalid arguments", "tool", "get-sum", ("a", "one")),
        new("progress", "progress", "trigger-long-running-operation", ("duration", 0.2), ("steps", 2)),
        new("elicitation", "tool", "trigger-elicitation-request"),
        new("sampling", "tool", "trigger-sampling-request", ("prompt", "Who?")),
        new("roots", "tool", "get-roots-list"),
        new("prompt", "prompt", "args-prompt", ("city", "Paris")),
        new("completion", "completion", "completable-prompt", ("department", "E")),
        new("resource", "resource", "architecture.md"),
        new("subscription", "subscription", "architecture.md"),
        new("template", "template", "Dynamic Text Resource", ("resourceId", "1")),
    ];

    /// <summary>Gets the rows for the backend of the C# SDK.</summary>
    public static IReadOnlyList<FeatureRow> CSharp { get; } =
    [
        .. Lists,
        new("schema", "schemas", "json_schema_2020_12_tool"),
        new("text", "tool", "simple_text"),
        new("structured content", "tool", "structured"),
        new("image", "tool", "image_content"),
        new("audio", "tool", "audio_content"),
        new("embedded resource", "tool", "multiple_content_types"),
        new("error of a tool", "tool", "error_handling"),
        new("parameter in a header", "tool", "header", ("region", "Zürich")),
        new("progress", "progress", "tool_with_progress"),
        new("logging", "logging", "tool_with_logging"),
        new("elicitation", "tool", "elicitation", ("message", "Who?")),
        new("sampling", "tool", "sampling", ("prompt", "Who?")),
        new("roots", "tool", "roots"),
        new("question by result", "tool", "input_required_result_elicitation"),
        new("two questions by result", "tool", "input_required_result_multi_round"),
        new("prompt", "prompt", "prompt_with_arguments", ("arg1", "a"), ("arg2", "b")),
        new("prompt with an image", "prompt", "prompt_with_image"),
        new("question of a prompt", "prompt", "input_required_result_prompt"),
        new("completion", "completion", "prompt_with_arguments", ("arg1", "pa")),
        new("resource", "resource", "binary"),
        new("subscription", "subscription", "watched"),
        new("template", "template", "template", ("id", "7")),
    ];

    public IReadOnlyDictionary<string, object?> ArgumentValues => Arguments.ToDictionary(pair => pair.Name, pair => (object?)pair.Value);

    public static string ToJson(IEnumerable<FeatureRow> rows) => JsonSerializer.Serialize(rows.Select(row => new
    {
        name = row.Name,
        kind = row.Kind,
        target = row.Target,
        arguments = row.ArgumentValues,
    }));
}
