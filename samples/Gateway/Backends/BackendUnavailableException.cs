using McpIdentityHeaders;

namespace Gateway.Backends;

/// <summary>A request that did not get through to a backend. The message is for the client, and has no detail of the backend's.</summary>
internal sealed class BackendUnavailableException(string message, Exception cause) : Exception(message, cause)
{
    /// <summary>Gets whether the fault is the caller's identity: it must not look like a backend that has nothing.</summary>
    public bool IsOfIdentity => InnerException is ClaimInjectionException;
}
