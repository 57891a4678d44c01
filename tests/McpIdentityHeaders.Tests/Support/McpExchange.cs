namespace McpIdentityHeaders.Tests.Support;

/// <summary>One HTTP request as an MCP backend saw it.</summary>
/// <param name="Http">The HTTP method.</param>
/// <param name="Path">The path.</param>
/// <param name="Rpc">The JSON-RPC method of a POST's message; "response" for a response to the server; empty for GET and DELETE.</param>
/// <param name="Headers">All request headers, as the server parsed them.</param>
internal sealed record McpExchange(string Http, string Path, string Rpc, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Gets the X-User-Sub header, or null.</summary>
    public string? Subject => Headers.GetValueOrDefault("X-User-Sub");

    /// <summary>Gets the X-User-Name header, or null. It distinguishes an older principal of a user from a newer one.</summary>
    public string? UserName => Headers.GetValueOrDefault("X-User-Name");

    /// <summary>Gets the names of the X-User headers and of their aliases.</summary>
    public IEnumerable<string> IdentityHeaders => Headers.Keys.Where(name =>
        name.Replace('_', '-').Replace('.', '-').StartsWith("x-user-", StringComparison.OrdinalIgnoreCase));

    public override string ToString() => $"{Http} {Rpc} as {Subject ?? "-"}";
}
