using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

#pragma warning disable MCP9005 // Deprecated by the SDK, and still what backends ask.

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>Tools that ask before they answer: by requests on a session, by input_required results where there is none.</summary>
[McpServerToolType]
internal sealed class WorkQuestions
{
    private const string State = "state of the backend";

    [McpServerTool(Name = "ask"), Description("Asks, and answers with the answer.")]
    public static string Ask(RequestContext<CallToolRequestParams> call, string kind)
    {
        if (call.Params!.InputResponses is not { } answers)
        {
            throw new InputRequiredException(new Dictionary<string, InputRequest> { ["question"] = QuestionOf(kind) }, State);
        }

        Assert.Equal(State, call.Params.RequestState);
        InputResponse answer = answers["question"];
        return kind switch
        {
            "elicitation" => answer.Deserialize(InputResponse.ElicitResultJsonTypeInfo)!.Content!["color"].GetString()!,
            "sampling" => ((TextContentBlock)answer.Deserialize(InputResponse.CreateMessageResultJsonTypeInfo)!.Content.Single()).Text,
            _ => answer.Deserialize(InputResponse.ListRootsResultJsonTypeInfo)!.Roots.Single().Uri,
        };
    }

    [McpServerTool(Name = "inquire"), Description("Asks during the call, on the stream of the call, and answers with the answer.")]
    public static Task<string> InquireAsync(McpServer server, string kind, CancellationToken cancellationToken) =>
        AskAsync(server, kind, cancellationToken);

    /// <summary>Asks on a session.</summary>
    public static async Task<string> AskAsync(McpServer server, string kind, CancellationToken cancellationToken) => kind switch
    {
        "elicitation" => (await server.ElicitAsync(Elicitation, cancellationToken)).Content!["color"].GetString()!,
        "sampling" => ((TextContentBlock)(await server.SampleAsync(Sampling, cancellationToken)).Content.Single()).Text,
        _ => (await server.RequestRootsAsync(new ListRootsRequestParams(), cancellationToken)).Roots.Single().Uri,
    };

    private static ElicitRequestParams Elicitation => new()
    {
        Message = "Which color?",
        RequestedSchema = new() { Properties = { ["color"] = new ElicitRequestParams.StringSchema() } },
    };

    private static CreateMessageRequestParams Sampling => new()
    {
        Messages = [new SamplingMessage { Role = Role.User, Content = [new TextContentBlock { Text = "Name a color." }] }],
        MaxTokens = 10,
    };

    private static InputRequest QuestionOf(string kind) => kind switch
    {
        "elicitation" => InputRequest.ForElicitation(Elicitation),
        "sampling" => InputRequest.ForSampling(Sampling),
        _ => InputRequest.ForRootsList(new ListRootsRequestParams()),
    };
}
