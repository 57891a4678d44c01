using System.Text.Json.Nodes;
using Gateway.Backends;
using Gateway.Sessions;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Features;

/// <summary>
/// Answers what the features handle, in front of the SDK's own handlers: those read results into types, which lose fields that they do not
/// have. All else is the SDK's.
/// </summary>
internal sealed class FeatureRouter(
    IEnumerable<IFeature> features,
    CallerRequests requests,
    CallerSessions sessions,
    CallerListeners listeners,
    IHttpContextAccessor http)
    : IConfigureOptions<McpServerOptions>
{
    private readonly Dictionary<string, FeatureHandler> _handlers =
        features.SelectMany(feature => feature.Handlers).ToDictionary(handler => handler.Key, handler => handler.Value);

    public void Configure(McpServerOptions options) => options.Filters.Message.IncomingFilters.Add(Route);

    private McpMessageHandler Route(McpMessageHandler next) => async (context, cancellationToken) =>
    {
        if (context.JsonRpcMessage is JsonRpcRequest message && _handlers.TryGetValue(message.Method, out FeatureHandler? handler))
        {
            CallerRequest request = requests.Open(context.Server, message);
            JsonRpcMessage response = await RespondAsync(handler, request, cancellationToken);
            await context.Server.SendMessageAsync(response, cancellationToken);
        }
        else
        {
            if (context.JsonRpcMessage is JsonRpcNotification notification && sessions.Find(context.Server.SessionId) is { } session)
            {
                await PassOnAsync(notification, context.Server, session, cancellationToken);
            }

            await next(context, cancellationToken);
        }
    };

    private async Task PassOnAsync(
        JsonRpcNotification notification, McpServer server, CallerSession session, CancellationToken cancellationToken)
    {
        var request = new CallerRequest(server, new JsonRpcRequest { Method = notification.Method }, session);
        switch (notification.Method)
        {
            case NotificationMethods.InitializedNotification:
                listeners.Start(request);
                break;
            case NotificationMethods.RootsListChangedNotification:
                await listeners.NotifyAsync(notification, request, cancellationToken);
                break;
            default:
                break;
        }
    }

    private async Task<JsonRpcMessage> RespondAsync(FeatureHandler handler, CallerRequest request, CancellationToken cancellationToken)
    {
        // A client that hangs up has cancelled, too: there is no other way to bring it a result.
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, http.HttpContext?.RequestAborted ?? CancellationToken.None);
        try
        {
            JsonObject result = await handler(request, cancelled.Token);
            return new JsonRpcResponse { Id = request.Id, Result = ProtocolRevisions.Adapt(result, request) };
        }
        catch (McpProtocolException exception) when (request.Session is null && exception.ErrorCode == McpErrorCode.ResourceNotFound)
        {
            // Protocol 2026-07-28 has no code of its own for it.
            throw new McpProtocolException(exception.Message, exception, McpErrorCode.InvalidParams);
        }
        catch (BackendErrorException exception)
        {
            return new JsonRpcError { Id = request.Id, Error = exception.Error };
        }
        catch (BackendUnavailableException exception)
        {
            return new JsonRpcError
            {
                Id = request.Id,
                Error = new JsonRpcErrorDetail { Code = (int)McpErrorCode.InternalError, Message = exception.Message },
            };
        }
    }
}
