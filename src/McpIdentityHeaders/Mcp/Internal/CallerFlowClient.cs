using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// An MCP client in front of a session's. Its callbacks run as the caller that registered them: the SDK runs them in the flow of its
/// message loop, where the user is the session's.
/// </summary>
/// <param name="session">The session, with its client.</param>
/// <param name="accessor">Gets the caller.</param>
#pragma warning disable MCPEXP002 // Subclassing may change with the SDK. No other way keeps its extension methods.
internal class CallerFlowClient(McpSession session, IIdentityAccessor accessor) : McpClient
#pragma warning restore MCPEXP002
{
    // By name. Each caller's own: a shared client would mix up what several users were shown.
    private ConcurrentDictionary<string, Tool>? _addedTools;
    private volatile ConcurrentDictionary<string, Tool>? _listedTools;

    public override string? SessionId => Inner.SessionId;

    public override string? NegotiatedProtocolVersion => Inner.NegotiatedProtocolVersion;

    public override ServerCapabilities ServerCapabilities => Inner.ServerCapabilities;

    public override Implementation? ServerInfo => Inner.ServerInfo;

    public override string? ServerInstructions => Inner.ServerInstructions;

    public override Task<ClientCompletionDetails> Completion => Inner.Completion;

    internal McpClient Inner => session.Client;

    public sealed override ValueTask DisposeAsync() => EndAsync();

    public override async Task<JsonRpcResponse> SendRequestAsync(JsonRpcRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        ExecutionFlow.RestoreSuppressedFlow();
        EnterCall();
        EnsureToolIsKnown(request);
        JsonRpcResponse response = await Inner.SendRequestAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.Method == RequestMethods.ToolsList)
        {
            AddListedTools(request, response);
        }

        return response;
    }

    public override async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        ExecutionFlow.RestoreSuppressedFlow();
        EnterCall();
        await Inner.SendMessageAsync(message, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<IDictionary<string, InputResponse>> ResolveInputRequestsAsync(
        IDictionary<string, InputRequest> inputRequests, CancellationToken cancellationToken)
    {
        ExecutionFlow.RestoreSuppressedFlow();
        EnterCall();
        return await Inner.ResolveInputRequestsAsync(inputRequests, cancellationToken).ConfigureAwait(false);
    }

    public override IAsyncDisposable RegisterNotificationHandler(
        string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);

        // Left in the session's flow where the caller is unknown: the session's user stands in.
        if (GetCaller() is not { } caller)
        {
            return Register(method, handler);
        }

        CallerFlow flow = CallerFlow.Capture(caller);
        return Register(method, (notification, token) => flow.RunAsync(() => handler(notification, token)));
    }

    public override void AddKnownTools(IEnumerable<Tool> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);

        Tool[] added = [.. tools];
        session.KnownTools.Add(added);
        LazyInitializer.EnsureInitialized(ref _addedTools, static () => new(StringComparer.Ordinal));
        foreach (Tool tool in added)
        {
            _addedTools[tool.Name] = tool;
            _listedTools?.TryRemove(tool.Name, out _);
        }
    }

    public override void RemoveKnownTools(IEnumerable<string> toolNames)
    {
        ArgumentNullException.ThrowIfNull(toolNames);

        string[] names = [.. toolNames];
        session.KnownTools.Remove(names);
        foreach (string name in names)
        {
            _addedTools?.TryRemove(name, out _);
            _listedTools?.TryRemove(name, out _);
        }
    }

    public override void ClearKnownTools() => RemoveKnownTools(_addedTools?.Keys ?? []);

    protected virtual ValueTask EndAsync() => Inner.DisposeAsync();

    /// <summary>Gets the caller of the current flow; null where unknown.</summary>
    protected virtual ClaimsPrincipal? GetCaller() => accessor.User;

    /// <summary>Makes the current flow that of a call. It is an asynchronous method's own: its end restores the caller's.</summary>
    protected virtual void EnterCall()
    {
    }

    protected virtual IAsyncDisposable Register(string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler) =>
        new CallerFlowRegistration(Inner.RegisterNotificationHandler(method, handler));

    /// <summary>Has the call use this client's own definition of its tool: another caller may have listed another.</summary>
    private void EnsureToolIsKnown(JsonRpcRequest request)
    {
        if (request is { Method: RequestMethods.ToolsCall, Params: JsonObject parameters }
            && parameters["name"] is JsonValue name
            && name.TryGetValue(out string? toolName)
            && FindTool(toolName) is { } tool)
        {
            session.KnownTools.Ensure(tool);
        }
    }

    private void AddListedTools(JsonRpcRequest request, JsonRpcResponse response)
    {
        if (ReadTools(response) is not { } listed)
        {
            return;
        }

        bool isFirst = (request.Params as JsonObject)?["cursor"] is null;
        session.KnownTools.AddPage(listed, isFirst);
        ConcurrentDictionary<string, Tool> tools = isFirst ? new(StringComparer.Ordinal) : _listedTools ?? new(StringComparer.Ordinal);
        foreach (Tool tool in listed)
        {
            tools[tool.Name] = tool;
        }

        _listedTools = tools;
    }

    private Tool? FindTool(string name) =>
        _listedTools?.TryGetValue(name, out Tool? listed) == true ? listed : _addedTools?.GetValueOrDefault(name);

    private static Tool[]? ReadTools(JsonRpcResponse response)
    {
        try
        {
            var type = (JsonTypeInfo<ListToolsResult>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ListToolsResult));
            return response.Result.Deserialize(type)?.Tools?.Where(tool => tool is { Name: not null }).ToArray();
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            // Not a list of tools. The caller may pass it on as it is, or gets the same error as it reads it.
            return null;
        }
    }
}
