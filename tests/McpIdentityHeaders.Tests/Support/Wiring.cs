namespace McpIdentityHeaders.Tests.Support;

public enum Wiring
{
    /// <summary><c>AddMcpClient(name, endpoint).AddClaimInjection()</c>.</summary>
    McpClient,

    /// <summary><c>AddHttpClient(name).AddClaimInjection(…)</c> with the origin among the trusted.</summary>
    NamedClient,

    /// <summary>The handlers chained without a container.</summary>
    ByHand,
}
