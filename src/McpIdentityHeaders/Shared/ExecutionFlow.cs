namespace McpIdentityHeaders.Internal;

/// <summary>Which flow of execution work runs in, where that says whose it is.</summary>
internal static class ExecutionFlow
{
    /// <summary>
    /// Starts work that outlives whoever starts it, and may serve others, in a flow of its own: nothing that is ambient with the starter (its
    /// user, its HttpContext, its log scopes) goes with it.
    /// </summary>
    internal static Task RunWithoutFlow(Func<Task> action)
    {
        using AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        return Task.Run(action);
    }

    /// <summary>
    /// Has the rest of an async method run in the flow that it was called in, though its caller has suppressed that: else it would run in the
    /// flow of whoever completes what it waits for, who may be another user. To be called from the method itself, whose end undoes it.
    /// </summary>
    internal static void RestoreSuppressedFlow()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            ExecutionContext.RestoreFlow();
        }
    }
}
