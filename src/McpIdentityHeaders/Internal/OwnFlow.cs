namespace McpIdentityHeaders.Internal;

/// <summary>
/// Starts work that outlives whoever starts it, and may serve others, in a flow of its own: nothing that is ambient with the starter (its
/// user, its HttpContext, its log scopes) goes with it.
/// </summary>
internal static class OwnFlow
{
    internal static Task Run(Func<Task> action)
    {
        using AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        return Task.Run(action);
    }
}
