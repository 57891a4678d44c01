using Microsoft.AspNetCore.Http.Features;

namespace Gateway;

/// <summary>Refuses a request that is too large, before or while it is read.</summary>
internal sealed class RequestLimit(GatewayLimits limits)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = limits.RequestBytes;
        }

        if (context.Request.ContentLength > limits.RequestBytes)
        {
            await RefuseAsync(context.Response);
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception) when (
            exception.StatusCode == StatusCodes.Status413PayloadTooLarge && !context.Response.HasStarted)
        {
            await RefuseAsync(context.Response);
        }
    }

    private Task RefuseAsync(HttpResponse response) => JsonRpcResponses.WriteErrorAsync(
        response,
        StatusCodes.Status413PayloadTooLarge,
        $"The request has more than {limits.RequestBytes} bytes. Send less at a time, or have the gateway's Limits:RequestBytes raised.");
}
