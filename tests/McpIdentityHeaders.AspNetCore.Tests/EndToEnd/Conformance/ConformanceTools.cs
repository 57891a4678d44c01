using System.ComponentModel;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Conformance;

/// <summary>Tools that answer by themselves.</summary>
[McpServerToolType]
internal sealed class ConformanceTools
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private const string Schema = """
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": { "address": { "$anchor": "addressDef", "type": "object", "properties": { "city": { "type": "string" } } } },
            "properties": { "address": { "$ref": "#/$defs/address" }, "phone": { "type": "string" }, "email": { "type": "string" } },
            "allOf": [ { "anyOf": [ { "required": [ "phone" ] }, { "required": [ "email" ] } ] } ],
            "if": { "required": [ "address" ] },
            "then": { "required": [ "phone" ] },
            "else": { "required": [ "email" ] },
            "additionalProperties": false
        }
        """;

    /// <summary>A picture of one pixel.</summary>
    public static byte[] Png { get; } = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==");

    public static McpServerTool CreateSchemaTool()
    {
        var tool = McpServerTool.Create(
            () => "any", new() { Name = "json_schema_2020_12_tool", Description = "Has a schema with many keywords." });
        tool.ProtocolTool.InputSchema = JsonElement.Parse(Schema);
        return tool;
    }

    [McpServerTool(Name = "test_simple_text"), Description("Returns a text.")]
    public static string Text() => "This is a simple text response for testing.";

    [McpServerTool(Name = "test_image_content"), Description("Returns a picture.")]
    public static ImageContentBlock Image() => ImageContentBlock.FromBytes(Png, "image/png");

    [McpServerTool(Name = "test_audio_content"), Description("Returns a sound.")]
    public static AudioContentBlock Audio() => AudioContentBlock.FromBytes("RIFF"u8.ToArray(), "audio/wav");

    [McpServerTool(Name = "test_embedded_resource"), Description("Returns a resource.")]
    public static EmbeddedResourceBlock Embedded() =>
        Embed("test://embedded-resource", "text/plain", "This is an embedded resource content.");

    [McpServerTool(Name = "test_multiple_content_types"), Description("Returns a text, a picture and a resource.")]
    public static IEnumerable<ContentBlock> Mixed() =>
    [
        new TextContentBlock { Text = "Multiple content types test:" },
        Image(),
        Embed("test://mixed-content-resource", "application/json", """{"test":"data","value":123}"""),
    ];

    [McpServerTool(Name = "test_structured", UseStructuredContent = true, ReadOnly = true, Title = "Structured")]
    [Description("Returns data.")]
    public static Dictionary<string, double> Structured() => new() { ["temperature"] = 21.5 };

    [McpServerTool(Name = "test_header"), Description("Returns what came in a header.")]
    public static string Header([McpHeader("Region")] string region) => region;

    [McpServerTool(Name = "test_error_handling"), Description("Fails.")]
    public static string Fail() => throw new McpException("This tool intentionally returns an error for testing");

    [McpServerTool(Name = "test_tool_with_logging"), Description("Writes three lines to the log.")]
    public static async Task<string> LogAsync(McpServer server, CancellationToken cancellationToken)
    {
        // The suite asks for pauses: a client may end the call before it hands out what came right before the result.
        foreach (string line in new[] { "Tool execution started", "Tool processing data", "Tool execution completed" })
        {
#pragma warning disable MCP9005 // Logging is deprecated by the SDK, and older clients read it.
            await server.SendNotificationAsync(
                NotificationMethods.LoggingMessageNotification,
                new LoggingMessageNotificationParams
                {
                    Level = LoggingLevel.Info,
                    Data = JsonSerializer.SerializeToElement(line),
                },
                cancellationToken: cancellationToken);
#pragma warning restore MCP9005
            await Task.Delay(Pause, cancellationToken);
        }

        return "logged";
    }

    [McpServerTool(Name = "test_tool_with_progress"), Description("Reports three steps.")]
    public static async Task<string> ReportAsync(RequestContext<CallToolRequestParams> call, CancellationToken cancellationToken)
    {
        foreach (int step in new[] { 0, 50, 100 })
        {
            if (call.Params!.ProgressToken is { } token)
            {
                await call.Server.NotifyProgressAsync(
                    token, new ProgressNotificationValue { Progress = step, Total = 100 }, cancellationToken: cancellationToken);
            }

            await Task.Delay(Pause, cancellationToken);
        }

        return "done";
    }

    public static EmbeddedResourceBlock Embed(string uri, string type, string text) =>
        new() { Resource = new TextResourceContents { Uri = uri, MimeType = type, Text = text } };
}
