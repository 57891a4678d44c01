using System.Net;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Who calls on a session that alice of <see cref="Issuer"/> opened, and what the MCP SDK's server answers.</summary>
internal static class SessionCallers
{
    public const string Issuer = "https://one.example";

    /// <summary>Gets the subject, its issuer, and the status.</summary>
    public static TheoryData<string?, string?, HttpStatusCode> All => new()
    {
        { "alice", Issuer, HttpStatusCode.OK },
        { "bob", Issuer, HttpStatusCode.Forbidden },
        { "Alice", Issuer, HttpStatusCode.Forbidden },
        { "alice", "https://two.example", HttpStatusCode.Forbidden },
        { "alice", null, HttpStatusCode.Forbidden },
        { null, null, HttpStatusCode.Forbidden },
    };
}
