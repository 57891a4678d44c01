using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Gateway.Features;
using Gateway.Sessions;
using McpIdentityHeaders;
using ModelContextProtocol;

namespace Gateway.Backends;

/// <summary>
/// Whom a request to a backend is sent as. Where the client has a session, the backend gets one too, if it has any: it may ask on it as it
/// asks a client without a gateway.
/// </summary>
internal sealed class BackendHandshakes(IMcpClientPool pool, ClientProfile profile)
{
    // A backend that has an older one than the first refuses that, and an SDK insists on the one that it is given.
    private static readonly string[] Protocols = ["2025-11-25", "2025-06-18", "2025-03-26"];

    /// <summary>Gets the user, with the backend's session for the request's client.</summary>
    public async Task<ClaimsPrincipal?> UserOfAsync(string prefix, CallerRequest caller, CancellationToken cancellationToken)
    {
        string? protocol = caller.Session is { } session
            ? await session.Protocols.GetAsync(prefix, () => FindAsync(prefix, caller)).WaitAsync(cancellationToken)
            : null;
        return profile.UserOf(caller, protocol);
    }

    /// <summary>Finds the protocol of which the backend opens a session, and leaves that session in the pool.</summary>
    /// <returns>Null if it opens none: it is connected to by the newest protocol that it has.</returns>
    private async Task<string?> FindAsync(string prefix, CallerRequest caller)
    {
        foreach (string protocol in Protocols)
        {
            using IdentityScope scope = AmbientIdentity.Use(profile.UserOf(caller, protocol));
            try
            {
                await using McpClientLease lease = await pool.RentAsync(prefix);
                return lease.Client.SessionId is null ? null : protocol;
            }
            catch (Exception exception) when (IsRefusal(exception))
            {
                return null;
            }
            catch (Exception exception) when (exception is McpException or JsonException)
            {
                // The backend has another version, or answers as none does.
            }
        }

        return null;
    }

    /// <summary>Whether the backend has no handshake at all.</summary>
    private static bool IsRefusal(Exception exception) => exception is McpProtocolException or HttpRequestException
    {
        StatusCode: HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed,
    };
}
