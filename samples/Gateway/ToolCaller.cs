using System.Net;
using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway;

/// <summary>Passes a call on to the backend that its prefix names, as the user who makes it.</summary>
internal sealed class ToolCaller(BackendDirectory backends, IMcpClientPool clients, IHttpContextAccessor http, ILogger<ToolCaller> logger)
{
    public async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        if (!backends.TryResolve(request.Params.Name, out string prefix, out string tool))
        {
            throw new McpProtocolException($"Unknown tool: '{request.Params.Name}'", McpErrorCode.InvalidParams);
        }

        // A client that hangs up has cancelled, too: there is no other way to bring it a result.
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, http.HttpContext?.RequestAborted ?? CancellationToken.None);

        try
        {
            CallToolResult result = await CallAsync(request, prefix, tool, cancelled.Token);
            return OlderClients.AreAsking(request) ? OlderClients.Adapt(result) : result;
        }
        catch (McpProtocolException exception) when (!BackendErrors.AreTheGatewaysOwn(exception))
        {
            throw BackendErrors.AsSent(exception);
        }
        catch (ClaimInjectionException exception) when (!cancelled.IsCancellationRequested)
        {
            // Nothing was sent: it is the gateway's settings or the user's claims, and trying again does not help.
            Log.BackendFailed(logger, prefix, exception);
            return Failed($"The gateway cannot tell the backend '{prefix}' who you are. Its administrator finds the reason in its log.");
        }
        catch (Exception exception) when (!cancelled.IsCancellationRequested)
        {
            // What went wrong between gateway and backend is for the log; the caller learns which backend it is, and no more.
            Log.BackendFailed(logger, prefix, exception);
            return Failed($"The backend '{prefix}' is not available at the moment. Others are not affected.");
        }
    }

    private static CallToolResult Failed(string text) => new() { IsError = true, Content = [new TextContentBlock { Text = text }] };

    private async Task<CallToolResult> CallAsync(
        RequestContext<CallToolRequestParams> request, string prefix, string tool, CancellationToken cancellationToken)
    {
        for (bool again = true; ; again = false)
        {
            await using McpClientLease lease = await clients.RentAsync(prefix, cancellationToken);
            try
            {
                return await BackendCall.SendAsync(lease.Client, tool, request, cancellationToken);
            }
            catch (HttpRequestException exception) when (again && exception.StatusCode == HttpStatusCode.NotFound)
            {
                // The backend has forgotten the session, and has not looked at the call. The next lease is of a new one.
            }
            catch (McpProtocolException exception) when (again && exception.ErrorCode == McpErrorCode.HeaderMismatch)
            {
                // It wants arguments as headers too, and has not looked at the call either. The client knows which after it has listed.
                await lease.Client.ListToolsAsync(cancellationToken: cancellationToken);
            }
        }
    }
}
