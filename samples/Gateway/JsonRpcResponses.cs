using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway;

/// <summary>Errors for requests that MCP's own part of the gateway does not get to see.</summary>
internal static class JsonRpcResponses
{
    public static Task WriteErrorAsync(
        HttpResponse response, int status, string message, McpErrorCode code = McpErrorCode.InvalidRequest)
    {
        response.StatusCode = status;
        return response.WriteAsJsonAsync(new
        {
            jsonrpc = "2.0",
            id = (string?)null,
            error = new JsonRpcErrorDetail { Code = (int)code, Message = message },
        });
    }
}
