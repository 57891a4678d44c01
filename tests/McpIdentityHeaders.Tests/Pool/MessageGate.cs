using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Middleware that holds the messages of one JSON-RPC method until it is opened, or the client hangs up.</summary>
/// <param name="method">The JSON-RPC method.</param>
/// <param name="holdsResponse">Whether it holds the response to work that the backend has done, which hanging up does not undo.</param>
internal sealed class MessageGate(string method, bool holdsResponse = false)
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets what ends when the first message is done with.</summary>
    public Task Passed => _passed.Task;

    public void Open() => _open.TrySetResult();

    public async Task HoldAsync(HttpContext context, RequestDelegate next)
    {
        if (!await IsOfMethodAsync(context.Request))
        {
            await next(context);
            return;
        }

        try
        {
            if (holdsResponse)
            {
                context.Response.OnStarting(() => _open.Task);
            }
            else
            {
                await _open.Task.WaitAsync(context.RequestAborted);
            }

            await next(context);
        }
        finally
        {
            _passed.TrySetResult();
        }
    }

    private async Task<bool> IsOfMethodAsync(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method))
        {
            return false;
        }

        // Buffered already, by what records it.
        using JsonDocument message = await JsonDocument.ParseAsync(request.Body);
        request.Body.Position = 0;
        return message.RootElement.TryGetProperty("method", out JsonElement found) && found.ValueEquals(method);
    }
}
