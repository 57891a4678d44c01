using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using McpIdentityHeaders.Internal;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using McpSession = McpIdentityHeaders.Internal.McpSession;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// What it costs to look for questions in the response to a pooled session's call. The baseline reads the same event without that, and
/// makes a message of it, as the MCP SDK does with each.
/// </summary>
[MemoryDiagnoser]
public class EventBenchmarks
{
    private static readonly Uri Endpoint = new("http://backend.test/mcp");

    private byte[] _events = null!;
    private Gateway _gateway = null!;
    private ServerQuestions _questions = null!;

    /// <summary>Gets or sets the length of the tool's text.</summary>
    [Params(1, 16, 128, 1000)]
    public int KiB { get; set; }

    [GlobalSetup]
    public void Open()
    {
        var result = new CallToolResult
        {
            Content =
            [
                new TextContentBlock { Text = string.Concat(Enumerable.Repeat("Lines of \"text\", as a tool has them.\n", KiB * 28)) },
            ],
        };
        var message = new JsonRpcResponse
        {
            Id = new RequestId(1),
            Result = JsonSerializer.SerializeToNode(result, McpJsonUtilities.DefaultOptions),
        };
        _events = Encoding.UTF8.GetBytes(
            $"event: message\ndata: {JsonSerializer.Serialize<JsonRpcMessage>(message, McpJsonUtilities.DefaultOptions)}\n\n");

        ClaimsPrincipal user = Gateway.NewUser(1);
        _gateway = new Gateway(Endpoint, inMemory: true) { User = user };
        SessionUser.TryRead(user, UserSelector.Default, [], out SessionUser owner, out _);
        var bound = new CloseDeadline(() => TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);
        _questions = new ServerQuestions(
            new McpSession(user, new SessionOwner(Gateway.ClientName, claims: null, owner.Key, []), bound, CancellationToken.None),
            _gateway);
    }

    [GlobalCleanup]
    public async Task CloseAsync() => await _gateway.DisposeAsync();

    [Benchmark(Baseline = true)]
    public async Task<int> Unobserved()
    {
        using HttpResponseMessage response = CreateResponse();
        return await ReadAsync(response);
    }

    [Benchmark]
    public async Task<int> Observed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint);
        using HttpResponseMessage response = CreateResponse();
        await _questions.ObserveAsync(request, response, CancellationToken.None);
        return await ReadAsync(response);
    }

    private static async Task<int> ReadAsync(HttpResponseMessage response)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync();
        int messages = 0;
        await foreach (SseItem<JsonRpcMessage?> item in SseParser.Create(
            stream, static (_, data) => JsonSerializer.Deserialize<JsonRpcMessage>(data, McpJsonUtilities.DefaultOptions)).EnumerateAsync())
        {
            messages += item.Data is null ? 0 : 1;
        }

        return messages;
    }

    private HttpResponseMessage CreateResponse()
    {
        var content = new StreamContent(new MemoryStream(_events));
        content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
        return new HttpResponseMessage { Content = content };
    }
}
