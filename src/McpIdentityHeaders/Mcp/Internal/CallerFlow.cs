using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The flow of a call's caller. The SDK calls back in the session's flow, which may have another user.</summary>
internal sealed class CallerFlow
{
    private static readonly AsyncLocal<bool> IsCallback = new();

    private readonly ExecutionContext _flow;

    private CallerFlow(ExecutionContext flow) => _flow = flow;

    internal static bool IsInCallback => IsCallback.Value;

    /// <summary>Captures the current flow with its user, whom the accessor may take from what ends before the callback runs.</summary>
    internal static CallerFlow Capture(ClaimsPrincipal caller) => new(ExecutionFlow.CaptureWith(() =>
    {
        AmbientIdentity.Use(caller);
        IsCallback.Value = true;
    }));

    internal ValueTask RunAsync(Func<ValueTask> callback)
    {
        ValueTask running = default;
        ExecutionContext.Run(_flow, _ => running = callback(), state: null);
        return running;
    }
}
