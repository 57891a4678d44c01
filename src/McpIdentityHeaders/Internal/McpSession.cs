using System.Security.Claims;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>One MCP session and whose it is. Shared by the session's own flow and by the wrapper that its requests pass.</summary>
internal sealed class McpSession
{
    private volatile ClaimsPrincipal? _user;

    internal McpSession(ClaimsPrincipal? user) => _user = user;

    /// <summary>
    /// Gets or sets the session's user. A session outlives tokens, so a newer principal of the same user may take the place of the first;
    /// the legs that run for hours carry what stands here at each moment. Null: the session was opened where the user was not known.
    /// </summary>
    internal ClaimsPrincipal? User
    {
        get => _user;
        set => _user = value;
    }

    /// <summary>Gets the connected client. Set once, before anyone but the connecting flow sees the session.</summary>
    internal McpClient Client { get; set; } = null!;
}
