using Gateway.Sessions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Features;

/// <summary>The requests of the gateway's clients that lead to requests to backends.</summary>
internal sealed class CallerRequests(CallerSessions sessions, ClientProfileLimit limit)
{
    /// <summary>Reads a request, within the bounds of its user.</summary>
    /// <exception cref="McpProtocolException">It is not of the protocol's form, or its client is one too many.</exception>
    public CallerRequest Open(McpServer server, JsonRpcRequest message)
    {
        var request = new CallerRequest(server, message, sessions.Find(server.SessionId));
        if (request.Session is null)
        {
            limit.Enter(request.PassedCapabilities);
        }

        return request;
    }
}
