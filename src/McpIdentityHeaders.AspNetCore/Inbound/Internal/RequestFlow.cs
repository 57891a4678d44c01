using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Marks the flow of each request, so that a task that outlives its request, which is anonymous, can be told from a flow outside any
/// request, where the user is unknown. An <see cref="IHttpContextAccessor"/> is null for both.
/// </summary>
internal sealed class RequestFlow
{
    private static readonly AsyncLocal<RequestFlow?> CurrentFlow = new();

    private readonly HttpContext _context;
    private volatile bool _ended;

    private RequestFlow(HttpContext context) => _context = context;

    /// <summary>Gets the mark of the request that this flow began in, also when it has ended; null outside any request.</summary>
    internal static RequestFlow? Current => CurrentFlow.Value;

    /// <summary>Marks the calling flow.</summary>
    internal static void Begin(HttpContext context) => CurrentFlow.Value = new RequestFlow(context);

    /// <summary>Ends the request for every flow that captured its mark.</summary>
    internal static void End()
    {
        if (CurrentFlow.Value is { } flow)
        {
            flow._ended = true;
        }
    }

    /// <summary>Whether this was the request of that <see cref="HttpContext"/>, and has ended.</summary>
    internal bool HasEnded(HttpContext context) => _ended && ReferenceEquals(_context, context);
}
