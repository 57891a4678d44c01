using Gateway.Backends;
using ModelContextProtocol;

namespace Gateway;

/// <summary>
/// Says that a request is not of the protocol's form where the SDK only throws: it reads some parameters before there is a session that
/// would answer.
/// </summary>
internal sealed class MalformedRequests(ILogger<MalformedRequests> logger)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (BackendErrors.IsMalformed(exception) && !context.Response.HasStarted)
        {
            Log.RequestMalformed(logger, exception);
            context.Response.Clear();
            await JsonRpcResponses.WriteErrorAsync(
                context.Response,
                StatusCodes.Status400BadRequest,
                "The parameters are not of the form that the protocol gives them.",
                McpErrorCode.InvalidParams);
        }
    }
}
