#pragma warning disable MCP9005 // Sampling and roots are deprecated by the SDK, and backends ask for them.
using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Conformance;

/// <summary>Tools that ask the user, the client's model or the client, in the ways of both revisions.</summary>
[McpServerToolType]
internal sealed class ConformanceQuestions
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    [McpServerTool(Name = "test_sampling"), Description("Asks the client's model.")]
    public static async Task<string> SampleAsync(McpServer server, string prompt, CancellationToken cancellationToken)
    {
        CreateMessageResult result = await server.SampleAsync(Sampling(prompt), cancellationToken);
        return $"LLM response: {result.Content.OfType<TextContentBlock>().FirstOrDefault()?.Text}";
    }

    [McpServerTool(Name = "test_roots"), Description("Asks for the client's roots.")]
    public static async Task<string> RootsAsync(McpServer server, CancellationToken cancellationToken)
    {
        ListRootsResult result = await server.RequestRootsAsync(new ListRootsRequestParams(), cancellationToken);
        return string.Join(' ', result.Roots.Select(root => root.Uri));
    }

    [McpServerTool(Name = "test_input_required_result_sampling"), Description("Asks the client's model.")]
    public static string SampleFirst(RequestContext<CallToolRequestParams> call) =>
        call.Params!.InputResponses?.TryGetValue("capital_question", out InputResponse? response) is true
            ? $"Answered: {response.RawValue}"
            : throw Ask("capital_question", InputRequest.ForSampling(Sampling("What is the capital of France?")));

    [McpServerTool(Name = "test_input_required_result_list_roots"), Description("Asks for the client's roots.")]
    public static string RootsFirst(RequestContext<CallToolRequestParams> call) =>
        call.Params!.InputResponses?.TryGetValue("client_roots", out InputResponse? response) is true
            ? $"Answered: {response.RawValue}"
            : throw Ask("client_roots", InputRequest.ForRootsList(new ListRootsRequestParams()));

    [McpServerTool(Name = "test_input_required_result_multiple_inputs"), Description("Asks three things at once.")]
    public static string AskThree(RequestContext<CallToolRequestParams> call) =>
        call.Params!.InputResponses is { Count: >= 3 } && call.Params.RequestState is { } state
            ? $"Answered, {Verify(state)}"
            : throw new InputRequiredException(
                new Dictionary<string, InputRequest>
                {
                    ["user_name"] = Question("What is your name?", "name"),
                    ["greeting"] = InputRequest.ForSampling(Sampling("Generate a greeting")),
                    ["client_roots"] = InputRequest.ForRootsList(new ListRootsRequestParams()),
                },
                Sign("three"));

    [McpServerTool(Name = "test_input_required_result_capabilities"), Description("Asks what the client can answer.")]
    public static string AskCapable(RequestContext<CallToolRequestParams> call)
    {
        if (call.Params!.InputResponses is { Count: > 0 })
        {
            return "Answered";
        }

        ClientCapabilities? capabilities = call.Server.ClientCapabilities;
        var requests = new Dictionary<string, InputRequest>();
        if (capabilities?.Elicitation is not null)
        {
            requests["user_name"] = Question("What is your name?", "name");
        }

        if (capabilities?.Sampling is not null)
        {
            requests["greeting"] = InputRequest.ForSampling(Sampling("Generate a greeting"));
        }

        return requests.Count == 0 ? "Nothing to ask" : throw new InputRequiredException(requests);
    }

    [McpServerTool(Name = "test_elicitation"), Description("Asks the user.")]
    public static async Task<string> ElicitAsync(McpServer server, string message, CancellationToken cancellationToken)
    {
        ElicitResult result = await server.ElicitAsync(
            new ElicitRequestParams
            {
                Message = message,
                RequestedSchema = new()
                {
                    Properties =
                    {
                        ["username"] = new ElicitRequestParams.StringSchema { Description = "User's response" },
                        ["email"] = new ElicitRequestParams.StringSchema { Description = "User's email address" },
                    },
                    Required = ["username", "email"],
                },
            },
            cancellationToken);
        return $"User response: action={result.Action}, content={JsonSerializer.Serialize(result.Content)}";
    }

    [McpServerTool(Name = "test_elicitation_sep1034_defaults"), Description("Asks the user, with defaults.")]
    public static async Task<string> ElicitWithDefaultsAsync(McpServer server, CancellationToken cancellationToken)
    {
        ElicitResult result = await server.ElicitAsync(
            new ElicitRequestParams
            {
                Message = "Check these.",
                RequestedSchema = new()
                {
                    Properties =
                    {
                        ["name"] = new ElicitRequestParams.StringSchema { Default = "John Doe" },
                        ["age"] = new ElicitRequestParams.NumberSchema { Type = "integer", Default = 30 },
                        ["score"] = new ElicitRequestParams.NumberSchema { Default = 95.5 },
                        ["status"] = new ElicitRequestParams.UntitledSingleSelectEnumSchema
                        {
                            Enum = ["active", "inactive", "pending"], Default = "active",
                        },
                        ["verified"] = new ElicitRequestParams.BooleanSchema { Default = true },
                    },
                },
            },
            cancellationToken);
        return $"Elicitation completed: action={result.Action}, content={JsonSerializer.Serialize(result.Content)}";
    }

    [McpServerTool(Name = "test_input_required_result_elicitation"), Description("Asks for a name.")]
    public static string AskName(RequestContext<CallToolRequestParams> call) =>
        $"Hello, {ReadAnswer(call.Params!, "user_name", "What is your name?", "name")}!";

    [McpServerTool(Name = "test_input_required_result_request_state"), Description("Asks, and keeps its state with the client.")]
    public static string AskWithState(RequestContext<CallToolRequestParams> call) =>
        call.Params!.InputResponses?.ContainsKey("confirm") is true && call.Params.RequestState is { } state
            ? $"state-ok {Verify(state)}"
            : throw Ask("confirm", Question("Please confirm", "ok"), Sign("confirm"));

    [McpServerTool(Name = "test_input_required_result_tampered_state"), Description("Asks, and checks its state.")]
    public static string AskWithCheckedState(RequestContext<CallToolRequestParams> call) => AskWithState(call);

    [McpServerTool(Name = "test_input_required_result_multi_round"), Description("Asks twice.")]
    public static string AskTwice(RequestContext<CallToolRequestParams> call) => call.Params!.RequestState switch
    {
        null => throw Ask("step1", Question("Step 1: What is your name?", "name"), Sign("1")),
        var state when Verify(state) == "1" => throw Ask("step2", Question("Step 2: What is your favorite color?", "color"), Sign("2")),
        _ => "Both answered",
    };

    /// <summary>Reads one member of the user's answer, or asks for it.</summary>
    public static string ReadAnswer(RequestParams request, string key, string message, string member)
    {
        if (request.InputResponses?.TryGetValue(key, out InputResponse? response) is true
            && response.RawValue.ValueKind == JsonValueKind.Object
            && response.RawValue.TryGetProperty("content", out JsonElement content)
            && content.ValueKind == JsonValueKind.Object
            && content.TryGetProperty(member, out JsonElement answer))
        {
            return answer.ToString();
        }

        throw Ask(key, Question(message, member));
    }

    private static InputRequiredException Ask(string key, InputRequest request, string? state = null) =>
        new(new Dictionary<string, InputRequest> { [key] = request }, state);

    private static InputRequest Question(string message, string member) => InputRequest.ForElicitation(new ElicitRequestParams
    {
        Message = message,
        RequestedSchema = new() { Properties = { [member] = new ElicitRequestParams.StringSchema() }, Required = [member] },
    });

    private static CreateMessageRequestParams Sampling(string prompt) => new()
    {
        Messages = [new SamplingMessage { Role = Role.User, Content = [new TextContentBlock { Text = prompt }] }],
        MaxTokens = 100,
    };

    private static string Sign(string state) =>
        $"{state}.{Convert.ToHexString(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(state)))}";

    private static string Verify(string state) => Sign(state.Split('.')[0]) == state
        ? state.Split('.')[0]
        : throw new McpProtocolException("This state is not the server's.", McpErrorCode.InvalidParams);
}
