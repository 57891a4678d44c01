namespace McpIdentityHeaders;

/// <summary>What an MCP client is called where nothing is said.</summary>
public static class McpClientDefaults
{
    /// <summary>
    /// The name of the client that <c>AddMcpClient</c> registers without one, and of its HttpClient. It is never the empty name, which is
    /// everybody's client. A typed client of a class called McpClient has an HttpClient of this name too: give the MCP client another then.
    /// </summary>
    public const string Name = "McpClient";
}
