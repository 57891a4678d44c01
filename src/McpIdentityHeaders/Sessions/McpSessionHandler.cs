using System.Net.Http.Headers;
using System.Net.Http.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>Marks each request with its session. One a session: the pooled handlers behind it serve all, and hold no state.</summary>
internal sealed class McpSessionHandler(
    McpSession session, IIdentityAccessor accessor, HttpMessageHandler pooled, string clientName = "", ClaimInjectionState? claims = null)
    : DelegatingHandler(pooled)
{
    private const string SessionId = "Mcp-Session-Id";

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendCoreAsync(request, async: false, cancellationToken).GetAwaiter().GetResult();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>

        // No deadline: the caller owns the session.
        request.Method == HttpMethod.Delete && session.CloseDeadline is { } deadline
            ? deadline.RunAsync(token => SendCoreAsync(request, async: true, token), cancellationToken)
            : SendCoreAsync(request, async: true, cancellationToken);

    private async Task<HttpResponseMessage> SendCoreAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        Mark(request);

        bool isCall = request.Method == HttpMethod.Post;
        bool isConnecting = session.Client is null;
        if (isCall && isConnecting && request.Headers.Contains(SessionId))
        {
            session.SetSessionIdReceived();
        }

        bool hasSeparateStream = isCall && session is { HasStream: true, Client.SessionId: null };

        // The SDK's transport for legacy SSE leaves a pending POST as it is when it closes.
        using CancellationTokenSource? either =
            hasSeparateStream ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Closing) : null;
        CancellationToken token = either?.Token ?? cancellationToken;
        CookieJar? jar = FindCookies(request);
        HttpRequestMessage outgoing = jar?.Apply(request) ?? request;
        HttpResponseMessage response = async
            ? await base.SendAsync(outgoing, token).ConfigureAwait(false)
            : base.Send(outgoing, token);

        jar?.Store(request, response);
        if (response.RequestMessage == outgoing)
        {
            response.RequestMessage = request;
        }

        if (isConnecting)
        {
            ClaimSessionId(request, response);
        }

        // Ignore responses while connecting, when the SDK tries one protocol after another, and those of authorization servers.
        if (session is { Client: not null, CloseDeadline: not null } && (hasSeparateStream || request.RequestUri == session.Endpoint))
        {
            session.OnResponse(response.StatusCode, isCall, request, accessor);
        }

        if (async && session.Questions is { } questions)
        {
            await questions.ObserveAsync(request, response, cancellationToken).ConfigureAwait(false);
        }
        else if (async && session.Notifications is { HasHandlers: true } notifications && LeaseIdentity.FindFor(session) is { } lease)
        {
            await notifications.ObserveAsync(response, lease, cancellationToken).ConfigureAwait(false);
        }

        return response;
    }

    private void Mark(HttpRequestMessage request)
    {
        bool isToBackend =
            request.RequestUri is { IsAbsoluteUri: true } uri && session.Endpoint is { } endpoint && Origin.IsSame(uri, endpoint);
        if (!isToBackend && request.Content is JsonContent { Value: JsonRpcMessage })
        {
            // A legacy SSE backend names the address of its messages: it must not choose what another origin is sent, least a trusted one.
            throw SessionError.NotSent(
                clientName,
                claims,
                ClaimInjectionErrorReason.InvalidSession,
                $"the backend named {new Origin(request.RequestUri!)} for the messages of its session, which is not the origin of its "
                + "endpoint. Have it name a path of its own, or use its Streamable HTTP endpoint");
        }

        SessionIdentity identity = LeaseIdentity.FindFor(session) as SessionIdentity ?? session;
        RequestIdentity.SetSession(request, identity, staysInOrigin: isToBackend);

        if (request.Method == HttpMethod.Get && request.RequestUri == session.Endpoint)
        {
            session.HasStream = true;
        }

        // Check before user code sees the request, and for clients without claim injection.
        // Checked again at the end: a user's handler may call SetUser.
        if (identity.HasOwner)
        {
            IdentityResolver.Resolve(request, accessor);
        }
    }

    /// <summary>Finds the session's cookies. They are not another user's who calls on a factory's session.</summary>
    private CookieJar? FindCookies(HttpRequestMessage request) =>
        session.Cookies is { } jar && (session.HasOwner || session.IsOfItsUser(IdentityResolver.Resolve(request, accessor))) ? jar : null;

    /// <summary>Claims the id of a new session before anything else is sent on it.</summary>
    private void ClaimSessionId(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode
            && request.RequestUri == session.Endpoint
            && !request.Headers.Contains(SessionId)
            && response.Headers.NonValidated.TryGetValues(SessionId, out HeaderStringValues values)
            && values.FirstOrDefault() is { Length: > 0 } id)
        {
            try
            {
                session.ClaimId?.Invoke(id);
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }
}
