using System.Security.Claims;
using Microsoft.Extensions.AI;

namespace McpIdentityHeaders.Internal;

/// <summary>The tools of backends as an agent calls them, as far as the pool needs to know: they rent from it in turn.</summary>
internal interface IToolLists
{
    /// <param name="pool">What the tools rent from.</param>
    /// <param name="sessions">The client's sessions.</param>
    /// <param name="user">The list's user, read once: the accessor may have another by the time of the rent.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    ValueTask<IReadOnlyList<AIFunction>> GetAsync(
        IMcpClientPool pool, SessionPool sessions, ClaimsPrincipal? user, CancellationToken cancellationToken);

    /// <summary>Removes what is kept for a user of a client.</summary>
    /// <param name="clientName">The MCP client's name.</param>
    /// <param name="users">The keys that closing the user goes by.</param>
    void Remove(string clientName, HashSet<UserKey> users);
}
