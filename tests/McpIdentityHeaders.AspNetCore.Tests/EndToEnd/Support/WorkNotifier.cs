using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>Says something unasked to whoever listens to a backend: on the streams of its sessions, and to requests that listen.</summary>
internal sealed class WorkNotifier
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<McpServer, bool> _sessions = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<McpServer>> _listening = new();
    private readonly ConcurrentDictionary<Channel<JsonRpcNotification>, bool> _listeners = new();

    public async Task NotifyAsync(string method, JsonObject parameters)
    {
        foreach (McpServer session in _sessions.Keys.Where(session => session.SessionId is { Length: > 0 }))
        {
            await session.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters.DeepClone() });
        }

        foreach (Channel<JsonRpcNotification> listener in _listeners.Keys)
        {
            listener.Writer.TryWrite(new JsonRpcNotification { Method = method, Params = parameters.DeepClone() });
        }
    }

    /// <summary>Asks on the session of a user, beside any call, once that session has a stream.</summary>
    public async Task<string> AskAsync(string user, string kind) =>
        await WorkQuestions.AskAsync(await GetListening(user).Task.WaitAsync(Patience), kind, CancellationToken.None);

    /// <summary>Middleware: notes which user's session gets its stream.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            string id = context.Request.Headers["Mcp-Session-Id"].ToString();
            string user = context.Request.Headers["X-User-Sub"].ToString();
            context.Response.OnStarting(() =>
            {
                GetListening(user).TrySetResult(_sessions.Keys.Single(session => session.SessionId == id));
                return Task.CompletedTask;
            });
        }

        return next(context);
    }

    public async Task RunAsync(HttpContext _, McpServer session, CancellationToken cancellationToken)
    {
        _sessions[session] = true;
        try
        {
            await session.RunAsync(cancellationToken);
        }
        finally
        {
            _sessions.TryRemove(session, out bool _);
        }
    }

    /// <summary>Grants all that is asked for, and says it until the client hangs up.</summary>
    public async ValueTask<EmptyResult> ListenAsync(
        RequestContext<SubscriptionsListenRequestParams> request, CancellationToken cancellationToken)
    {
        var listener = Channel.CreateUnbounded<JsonRpcNotification>();
        _listeners[listener] = true;
        try
        {
            await request.Server.SendNotificationAsync(
                NotificationMethods.SubscriptionsAcknowledgedNotification,
                new SubscriptionsAcknowledgedNotificationParams { Notifications = request.Params!.Notifications },
                cancellationToken: cancellationToken);
            await foreach (JsonRpcNotification notification in listener.Reader.ReadAllAsync(cancellationToken))
            {
                notification.Params!["_meta"] = new JsonObject
                {
                    [MetaKeys.SubscriptionId] = JsonSerializer.SerializeToNode(request.JsonRpcRequest.Id, McpJsonUtilities.DefaultOptions),
                };
                await request.Server.SendMessageAsync(notification, cancellationToken);
            }
        }
        finally
        {
            _listeners.TryRemove(listener, out _);
        }

        return new EmptyResult();
    }

    private TaskCompletionSource<McpServer> GetListening(string user) =>
        _listening.GetOrAdd(user, _ => new TaskCompletionSource<McpServer>(TaskCreationOptions.RunContinuationsAsynchronously));
}
