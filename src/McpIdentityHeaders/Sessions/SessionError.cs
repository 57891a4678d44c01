namespace McpIdentityHeaders.Internal;

/// <summary>Creates the errors of an MCP client's sessions. Each message names the client, and ends its sentence here.</summary>
internal static class SessionError
{
    internal static ClaimInjectionException NotOpened(string clientName, ClaimInjectionErrorReason reason, string error) =>
        Create(clientName, "no session was opened", reason, error);

    internal static ClaimInjectionException NotRented(string clientName, ClaimInjectionErrorReason reason, string error) =>
        Create(clientName, "no session was rented", reason, error);

    /// <summary>Counts the request as rejected where the client has claim injection.</summary>
    internal static ClaimInjectionException NotSent(
        string clientName, ClaimInjectionState? claims, ClaimInjectionErrorReason reason, string error) =>
        claims?.Telemetry.Reject(reason, error) ?? Create(clientName, "the request was not sent", reason, error);

    private static ClaimInjectionException Create(string clientName, string outcome, ClaimInjectionErrorReason reason, string error) =>
        new($"MCP client '{clientName}': {outcome}: {error}.", reason);
}
