namespace Gateway.Backends;

/// <summary>A request that did not get through to a backend. The message is for the client, and has no detail of the backend's.</summary>
internal sealed class BackendUnavailableException(string message, Exception cause) : Exception(message, cause)
{
    /// <summary>Gets whether the fault is the caller's identity: other backends are likely to refuse it too.</summary>
    public bool IsOfIdentity => InnerException is McpIdentityHeaders.ClaimInjectionException;
}
