using System.Text.Json;
using System.Text.Json.Nodes;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

#pragma warning disable MCP9005 // Deprecated by the SDK, and still what clients answer.

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>
/// What a backend asks reaches the client that called, and the answer reaches the backend, in both protocols on both sides.
/// </summary>
public sealed class QuestionTests : IAsyncLifetime
{
    private WorkDeployment _deployment = null!;

    public static TheoryData<string, string, string> Questions
    {
        get
        {
            TheoryData<string, string, string> questions = [];
            foreach (string backend in WorkDeployment.Backends)
            {
                foreach (string protocol in (string[])["2025-11-25", "2026-07-28"])
                {
                    foreach (string kind in Kinds)
                    {
                        questions.Add(backend, protocol, kind);
                    }
                }
            }

            return questions;
        }
    }

    /// <summary>Gets those that a backend asks on the stream of a call: it has a session, and the client either protocol.</summary>
    public static TheoryData<string, string, string> CallQuestions
    {
        get
        {
            TheoryData<string, string, string> questions = [];
            foreach ((string backend, string protocol) in (ReadOnlySpan<(string, string)>)
                [("sessions", "2025-11-25"), ("sessions", "2026-07-28"), ("either", "2025-11-25")])
            {
                foreach (string kind in Kinds)
                {
                    questions.Add(backend, protocol, kind);
                }
            }

            return questions;
        }
    }

    public static TheoryData<string, string> SessionQuestions
    {
        get
        {
            TheoryData<string, string> questions = [];
            foreach (string kind in Kinds)
            {
                questions.Add("sessions", kind);
                questions.Add("either", kind);
            }

            return questions;
        }
    }

    private static string[] Kinds => ["elicitation", "sampling", "roots"];

    public static TheoryData<string, string> All => WorkDeployment.All;

    public async Task InitializeAsync() => _deployment = await WorkDeployment.StartAsync();

    public async Task DisposeAsync() => await _deployment.DisposeAsync();

    [Theory, MemberData(nameof(Questions))]
    public async Task Question_reaches_the_client_and_its_answer_the_backend(string backend, string protocol, string kind)
    {
        await using McpClient alice = await ConnectAsync(OidcUser.Alice, protocol, "green");

        CallToolResult result = await AskAsync(alice, $"{backend}_ask", kind);

        Assert.Equal(AnswerOf(kind, "green"), result.Text());
    }

    [Theory, MemberData(nameof(CallQuestions))]
    public async Task Question_during_a_call_is_answered_on_the_session(string backend, string protocol, string kind)
    {
        await using McpClient alice = await ConnectAsync(OidcUser.Alice, protocol, "green");

        CallToolResult result = await AskAsync(alice, $"{backend}_inquire", kind);

        Assert.Equal(AnswerOf(kind, "green"), result.Text());
    }

    [Theory, MemberData(nameof(SessionQuestions))]
    public async Task Question_beside_any_call_is_answered_by_the_user_of_the_session(string backend, string kind)
    {
        await using McpClient alice = await ConnectAsync(OidcUser.Alice, "2025-11-25", "green");
        await using McpClient bob = await ConnectAsync(OidcUser.Bob, "2025-11-25", "red");

        string[] answers = await Task.WhenAll(
            _deployment.AskAsync(backend, OidcUser.Bob.Subject, kind), _deployment.AskAsync(backend, OidcUser.Alice.Subject, kind));

        Assert.Equal([AnswerOf(kind, "red"), AnswerOf(kind, "green")], answers);
    }

    [Fact]
    public async Task Question_beside_any_call_waits_until_the_client_listens()
    {
        string token = await _deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Alice);
        using RawSession session = await RawSession.OpenAsync(_deployment.Gateway.Gateway.Endpoint, token, Elicitation);
        Task<string> asking = _deployment.AskAsync("sessions", OidcUser.Alice.Subject, "elicitation");

        JsonObject question = await session.ListenAsync();
        await session.AnswerAsync(question, JsonNode.Parse("{ \"action\": \"accept\", \"content\": { \"color\": \"green\" } }")!);

        Assert.Equal("green", await asking);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Questions_of_several_users_are_answered_by_each_of_them(string backend, string protocol)
    {
        await using McpClient alice = await ConnectAsync(OidcUser.Alice, protocol, "green");
        await using McpClient alsoAlice = await ConnectAsync(OidcUser.Alice, protocol, "blue");
        await using McpClient bob = await ConnectAsync(OidcUser.Bob, protocol, "red");

        CallToolResult[] results = await Task.WhenAll(
            from client in (McpClient[])[alice, alsoAlice, bob]
            from _ in Enumerable.Range(0, 3)
            select AskAsync(client, $"{backend}_ask", "elicitation"));

        Assert.Equal(
            ["green", "green", "green", "blue", "blue", "blue", "red", "red", "red"], results.Select(result => result.Text()));
    }

    [Theory, InlineData("2025-11-25"), InlineData("2026-07-28")]
    public async Task Question_that_the_client_cannot_answer_says_so(string protocol)
    {
        await using McpClient alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, protocol);

        CallToolResult result = await AskAsync(alice, "stateless_ask", "elicitation");

        Assert.True(result.IsError);
        Assert.StartsWith(
            "The backend 'stateless' asked something that your client cannot answer (elicitation/create).",
            result.Text(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backend_with_sessions_knows_what_the_client_cannot_answer()
    {
        await using McpClient alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice, "2025-11-25");

        await Assert.ThrowsAsync<McpProtocolException>(() => AskAsync(alice, "sessions_ask", "elicitation"));
    }

    [Theory, InlineData("sessions"), InlineData("stateless")]
    public async Task State_of_a_question_is_good_for_its_user_alone(string backend)
    {
        Uri endpoint = _deployment.Gateway.Gateway.Endpoint;
        string alice = await _deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Alice);
        string bob = await _deployment.Gateway.Oidc.IssueTokenAsync(OidcUser.Bob);
        JsonObject call = Call(backend, "elicitation");
        JsonNode asked = Assert.Single(await RawCall.SendAsync(endpoint, alice, "tools/call", call, Elicitation))["result"]!;
        Assert.Equal("input_required", (string?)asked["resultType"]);
        string question = Assert.Single(asked["inputRequests"]!.AsObject()).Key;
        call["requestState"] = asked["requestState"]!.DeepClone();
        call["inputResponses"] = JsonNode.Parse($$"""{ "{{question}}": { "action": "accept", "content": { "color": "green" } } }""");

        JsonObject stolen = Assert.Single(await RawCall.SendAsync(endpoint, bob, "tools/call", call, Elicitation));
        JsonObject answered = Assert.Single(await RawCall.SendAsync(endpoint, alice, "tools/call", call, Elicitation));

        Assert.Contains("requestState", (string)stolen["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Equal("green", (string?)answered["result"]!["content"]![0]!["text"]);
    }

    private static string AnswerOf(string kind, string answer) => kind == "roots" ? $"file:///{answer}" : answer;

    private static JsonObject Elicitation => new() { ["elicitation"] = new JsonObject() };

    private static JsonObject Call(string backend, string kind) =>
        new() { ["name"] = $"{backend}_ask", ["arguments"] = new JsonObject { ["kind"] = kind } };

    private static Task<CallToolResult> AskAsync(McpClient client, string tool, string kind) =>
        client.CallToolAsync(tool, new Dictionary<string, object?> { ["kind"] = kind }).AsTask();

    private Task<McpClient> ConnectAsync(OidcUser user, string protocol, string answer) =>
        _deployment.Gateway.ConnectAsync(user, new McpClientOptions
        {
            ProtocolVersion = protocol,
            Handlers = new()
            {
                ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult
                {
                    Action = "accept",
                    Content = new Dictionary<string, JsonElement> { ["color"] = JsonSerializer.SerializeToElement(answer) },
                }),
                SamplingHandler = (_, _, _) => ValueTask.FromResult(new CreateMessageResult
                {
                    Model = "tests",
                    Role = Role.Assistant,
                    Content = [new TextContentBlock { Text = answer }],
                }),
                RootsHandler = (_, _) => ValueTask.FromResult(new ListRootsResult { Roots = [new Root { Uri = $"file:///{answer}" }] }),
            },
        });
}
