namespace McpIdentityHeaders;

/// <summary>The defaults of MCP clients.</summary>
public static class McpClientDefaults
{
    /// <summary>
    /// The name of the client that <c>AddMcpClient</c> registers without one, and of its HttpClient. It is not the empty name, which is the
    /// shared default HttpClient. A typed client of a class called McpClient has an HttpClient of this name too: give the MCP client
    /// another then.
    /// </summary>
    public const string Name = "McpClient";
}
