namespace McpIdentityHeaders.Internal;

/// <summary>Chooses the flow of execution that work runs in, since the flow decides the user.</summary>
internal static class ExecutionFlow
{
    /// <summary>
    /// Starts work that outlives its starter, and may serve other users, in a flow of its own: nothing ambient with the starter (its user,
    /// its HttpContext, its log scopes) goes with it.
    /// </summary>
    internal static Task RunWithoutFlow(Func<Task> action)
    {
        using AsyncFlowControl? suppressed = Suppress();
        return Task.Run(action);
    }

    /// <summary>Suppresses the flow until what it returns is disposed; null where it is suppressed already.</summary>
    internal static AsyncFlowControl? Suppress() => ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();

    /// <summary>Captures the current flow, though its caller may have suppressed it.</summary>
    internal static ExecutionContext Capture()
    {
        if (!ExecutionContext.IsFlowSuppressed())
        {
            return ExecutionContext.Capture()!;
        }

        ExecutionContext.RestoreFlow();
        try
        {
            return ExecutionContext.Capture()!;
        }
        finally
        {
            ExecutionContext.SuppressFlow();
        }
    }

    /// <summary>Captures the current flow with a change that does not stay in it.</summary>
    internal static ExecutionContext CaptureWith(Action change)
    {
        ExecutionContext? captured = null;
        ExecutionContext.Run(
            Capture(),
            _ =>
            {
                change();
                captured = ExecutionContext.Capture();
            },
            state: null);
        return captured!;
    }

    /// <summary>
    /// Has the rest of an async method run in the flow that it was called in, though its caller has suppressed it: otherwise it would run
    /// in the flow that completes what it awaits, perhaps another user's. Call it from the method itself: its end undoes it.
    /// </summary>
    internal static void RestoreSuppressedFlow()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            ExecutionContext.RestoreFlow();
        }
    }
}
