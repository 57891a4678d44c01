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

    private static InputRequest QuestionOf(string kind) => kind switch
    {
        "elicitation" => InputRequest.ForElicitation(new ElicitRequestParams
        {
            Message = "Which color?",
            RequestedSchema = new() { Properties = { ["color"] = new ElicitRequestParams.StringSchema() } },
        }),
        "sampling" => InputRequest.ForSampling(new CreateMessageRequestParams
        {
            Messages = [new SamplingMessage { Role = Role.User, Content = [new TextContentBlock { Text = "Name a color." }] }],
            MaxTokens = 10,
        }),
        _ => InputRequest.ForRootsList(new ListRootsRequestParams()),
    };
}
