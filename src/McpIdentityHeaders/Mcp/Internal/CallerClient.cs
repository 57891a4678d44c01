using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

#pragma warning disable MCPEXP002 // The SDK has no other way to put something in front of a client.
/// <summary>A session's client, whose callbacks run as the caller of the call that they belong to.</summary>
/// <param name="session">The session, with its client.</param>
/// <param name="accessor">Gives the caller.</param>
internal class CallerClient(McpSession session, IIdentityAccessor accessor) : McpClient
#pragma warning restore MCPEXP002
{
    private ConcurrentDictionary<string, Tool>? _tools;

    public override string? SessionId => Client.SessionId;

    public override string? NegotiatedProtocolVersion => Client.NegotiatedProtocolVersion;

    public override ServerCapabilities ServerCapabilities => Client.ServerCapabilities;

    public override Implementation? ServerInfo => Client.ServerInfo;

    public override string? ServerInstructions => Client.ServerInstructions;

    public override Task<ClientCompletionDetails> Completion => Client.Completion;

    /// <summary>Gets the SDK's client.</summary>
    internal McpClient Client => session.Client;

    /// <summary>Gets the tools by name that this client has listed, or was told of.</summary>
    private ConcurrentDictionary<string, Tool> Tools => LazyInitializer.EnsureInitialized(ref _tools, static () => new(StringComparer.Ordinal));

    public sealed override ValueTask DisposeAsync() => EndAsync();

    public override async Task<JsonRpcResponse> SendRequestAsync(JsonRpcRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);

        ExecutionFlow.RestoreSuppressedFlow();
        EnterCall();
        EnsureToolIsKnown(request);
        JsonRpcResponse response = await Client.SendRequestAsync(request, cancellationToken).ConfigureAwait(false);
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
        await Client.SendMessageAsync(message, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<IDictionary<string, InputResponse>> ResolveInputRequestsAsync(
        IDictionary<string, InputRequest> inputRequests, CancellationToken cancellationToken)
    {
        ExecutionFlow.RestoreSuppressedFlow();
        EnterCall();
        return await Client.ResolveInputRequestsAsync(inputRequests, cancellationToken).ConfigureAwait(false);
    }

    public override IAsyncDisposable RegisterNotificationHandler(string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);

        // Left in the session's flow where the caller is unknown: the session's user stands in.
        if (GetCaller() is not { } caller)
        {
            return Register(method, handler);
        }

        CallerFlow flow = CallerFlow.Capture(() =>
        {
            EnterCall();
            AmbientIdentity.Use(caller);
        });
        return Register(method, (notification, token) => flow.RunAsync(() => handler(notification, token)));
    }

    public override void AddKnownTools(IEnumerable<Tool> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);

        Tool[] added = [.. tools];
        Client.AddKnownTools(added);
        foreach (Tool tool in added)
        {
            Tools[tool.Name] = tool;
        }
    }

    public override void RemoveKnownTools(IEnumerable<string> toolNames)
    {
        ArgumentNullException.ThrowIfNull(toolNames);

        string[] names = [.. toolNames];
        session.KnownTools.Remove(names);
        foreach (string name in names)
        {
            Tools.TryRemove(name, out _);
        }
    }

    public override void ClearKnownTools() => RemoveKnownTools(Tools.Keys);

    protected virtual ValueTask EndAsync() => Client.DisposeAsync();

    /// <summary>Gets the caller of the current flow; null where unknown.</summary>
    protected virtual ClaimsPrincipal? GetCaller() => accessor.User;

    /// <summary>Makes the current flow that of a call. It is an asynchronous method's own, whose end restores the caller's.</summary>
    protected virtual void EnterCall()
    {
    }

    protected virtual IAsyncDisposable Register(string method, Func<JsonRpcNotification, CancellationToken, ValueTask> handler) =>
        new CallerFlowRegistration(Client.RegisterNotificationHandler(method, handler));

    /// <summary>Has the call use this client's own definition of its tool: another caller may have listed another.</summary>
    private void EnsureToolIsKnown(JsonRpcRequest request)
    {
        if (_tools is not null
            && request is { Method: RequestMethods.ToolsCall, Params: JsonObject parameters }
            && parameters["name"] is JsonValue name
            && name.TryGetValue(out string? toolName)
            && _tools.TryGetValue(toolName, out Tool? tool))
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
        if (isFirst)
        {
            Tools.Clear();
        }

        foreach (Tool tool in listed)
        {
            Tools[tool.Name] = tool;
        }
    }

    private static IList<Tool>? ReadTools(JsonRpcResponse response)
    {
        try
        {
            var type = (JsonTypeInfo<ListToolsResult>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ListToolsResult));
            return response.Result.Deserialize(type)?.Tools;
        }
        catch (JsonException)
        {
            // The caller reads the same, and gets the error.
            return null;
        }
    }
}
