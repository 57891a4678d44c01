using System.Net;
using System.Text.Json.Nodes;
using Gateway.Features;
using McpIdentityHeaders;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>The one way of a request to a backend, as the user who makes it.</summary>
internal sealed class BackendClient(
    IMcpClientPool pool,
    IHttpClientFactory http,
    IOptionsMonitor<HttpClientTransportOptions> options,
    ToolHeaders toolHeaders,
    ILoggerFactory logging)
{
    private readonly ILogger _logger = logging.CreateLogger<BackendClient>();

    /// <summary>Sends a request, and passes on to the caller what the backend sends before its response.</summary>
    /// <param name="prefix">The backend.</param>
    /// <param name="method">What is asked.</param>
    /// <param name="parameters">The parameters, with the backend's own names. Their <c>_meta</c> is set here.</param>
    /// <param name="caller">The request that this one is for.</param>
    /// <param name="cancellationToken">Cancels it, at the backend too.</param>
    /// <returns>The result as it came.</returns>
    /// <exception cref="BackendErrorException">The backend's error.</exception>
    /// <exception cref="BackendUnavailableException">It did not get through.</exception>
    public async Task<JsonObject> SendAsync(
        string prefix, string method, JsonObject parameters, CallerRequest caller, CancellationToken cancellationToken)
    {
        try
        {
            for (bool again = true; ; again = false)
            {
                await using McpClientLease lease = await pool.RentAsync(prefix, cancellationToken);
                try
                {
                    return await SendAsync(prefix, lease.Client, method, parameters, caller, cancellationToken);
                }
                catch (HttpRequestException exception) when (
                    again && exception.StatusCode == HttpStatusCode.NotFound && lease.Client.SessionId is not null)
                {
                    // The backend has forgotten the session, and has not looked at the request. The pool finds out by a ping.
                    await ((Task)lease.Client.PingAsync(cancellationToken: cancellationToken).AsTask())
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
                catch (McpProtocolException exception) when (again && exception.ErrorCode == McpErrorCode.HeaderMismatch)
                {
                    // It wants arguments as headers too, and has not looked at the call either.
                    await toolHeaders.LearnAsync(prefix, lease.Client, cancellationToken);
                }
            }
        }
        catch (McpProtocolException exception) when (!BackendErrors.IsAboutTheGateway(exception.ErrorCode))
        {
            throw BackendErrors.AsSent(exception);
        }
        catch (Exception exception) when (exception is not BackendErrorException && !cancellationToken.IsCancellationRequested)
        {
            Log.BackendFailed(_logger, prefix, exception);
            throw BackendErrors.Describe(prefix, exception);
        }
    }

    /// <summary>Gets what a backend offers.</summary>
    /// <exception cref="BackendUnavailableException">It cannot be asked.</exception>
    public async Task<ServerCapabilities> GetCapabilitiesAsync(string prefix, CancellationToken cancellationToken)
    {
        try
        {
            await using McpClientLease lease = await pool.RentAsync(prefix, cancellationToken);
            return lease.Client.ServerCapabilities;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.BackendFailed(_logger, prefix, exception);
            throw BackendErrors.Describe(prefix, exception);
        }
    }

    private async Task<JsonObject> SendAsync(
        string prefix, McpClient session, string method, JsonObject parameters, CallerRequest caller, CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N");
        JsonNode? progressToken = RequestMeta.Set(parameters, id, session, caller);
        var request = new JsonRpcRequest { Id = new RequestId(id), Method = method, Params = parameters };
        toolHeaders.Add(prefix, request);

        await using BackendExchange exchange =
            await BackendExchange.StartAsync(options.Get(prefix), http.CreateClient(prefix), session, request, logging);
        while (true)
        {
            switch (await exchange.ReadAsync(cancellationToken))
            {
                case JsonRpcResponse response when response.Id == request.Id:
                    return RequestMeta.Clean(response.Result as JsonObject ?? []);

                case JsonRpcError error when error.Id == request.Id:
                    throw new McpProtocolException(error.Error.Message, (McpErrorCode)error.Error.Code);

                case JsonRpcNotification notification:
                    await RelayAsync(prefix, notification, progressToken, caller, cancellationToken);
                    break;

                default:
                    break;
            }
        }
    }

    private static async Task RelayAsync(
        string prefix, JsonRpcNotification notification, JsonNode? progressToken, CallerRequest caller, CancellationToken cancellationToken)
    {
        JsonNode? parameters = notification.Params;
        switch (notification.Method)
        {
            case NotificationMethods.ProgressNotification when parameters is JsonObject step && progressToken is not null:
                step["progressToken"] = progressToken.DeepClone();
                break;
            case NotificationMethods.ProgressNotification or NotificationMethods.CancelledNotification:
                return;
            case NotificationMethods.ResourceUpdatedNotification:
                BackendUris.Qualify(prefix, parameters, "uri");
                break;
            default:
                break;
        }

        await caller.NotifyAsync(notification.Method, parameters, cancellationToken);
    }
}
