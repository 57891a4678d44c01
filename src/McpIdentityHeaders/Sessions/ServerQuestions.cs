using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Which principal's call the server's questions on a pooled session (elicitation, sampling, roots) belong to. A user may have several
/// principals, such as an impersonator's, and none of them may answer for another.
/// </summary>
internal sealed class ServerQuestions(McpSession session, IIdentityAccessor accessor)
{
    private readonly ConcurrentDictionary<RequestId, ClaimsPrincipal> _calls = new();
    private readonly ConcurrentDictionary<RequestId, ClaimsPrincipal> _askers = new();
    private ClaimsPrincipal? _lastCaller;
    private volatile bool _hasSeveralPrincipals;

    internal void OnCallSent(RequestId id)
    {
        if (GetCaller() is not { } caller)
        {
            return;
        }

        _calls[id] = caller;
        if (Interlocked.Exchange(ref _lastCaller, caller) is { } last && !_hasSeveralPrincipals)
        {
            _hasSeveralPrincipals = !PrincipalComparer.Instance.Equals(last, caller);
        }
    }

    internal void OnCallEnded(RequestId id) => _calls.TryRemove(id, out _);

    /// <summary>Reads the questions in the response to a call: Streamable HTTP asks them there.</summary>
    internal Task ObserveAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken) =>
        session.IsInFlow || request.Method != HttpMethod.Post || IdentityResolver.Resolve(request, accessor) is not { } caller
            ? Task.CompletedTask
            : EventObservingStream.ObserveAsync(response, data => OnEvent(data, caller), cancellationToken);

    /// <summary>Gives the flow to answer a question in, with the principal of the call that asked; null for the session's own.</summary>
    internal ExecutionContext? GetFlow(JsonRpcRequest question)
    {
        if (!session.HasOwner || FindAsker(question) is not { } asker)
        {
            return null;
        }

        return ExecutionFlow.CaptureWith(() => IdentityScope.EnterSession(session, asker));
    }

    /// <summary>Finds the principal that must answer: an anonymous one where several have called.</summary>
    private ClaimsPrincipal? FindAsker(JsonRpcRequest question)
    {
        if (_askers.TryRemove(question.Id, out ClaimsPrincipal? asker))
        {
            return asker;
        }

        // A stream that calls share, or none: legacy SSE's, or the session's own.
        ClaimsPrincipal[] callers = [.. _calls.Values.Distinct(PrincipalComparer.Instance)];
        if (callers is [ClaimsPrincipal only])
        {
            return only;
        }

        // A ping is answered in no user's name.
        bool isSessionsOwn = question.Method == RequestMethods.Ping || (callers.Length == 0 && !HasSeveralPrincipals);
        return isSessionsOwn ? null : new ClaimsPrincipal();
    }

    private bool HasSeveralPrincipals => _hasSeveralPrincipals
        || (Volatile.Read(ref _lastCaller) is { } last && !PrincipalComparer.Instance.Equals(last, session.User));

    // In the session's own flow, no call asks.
    private ClaimsPrincipal? GetCaller() => session.IsInFlow || !session.HasOwner
        ? null
        : accessor.User ?? (LeaseIdentity.FindFor(session) is { } lease ? lease.User : session.User);

    private void OnEvent(ReadOnlySpan<byte> data, ClaimsPrincipal caller)
    {
        if (ReadQuestion(data) is { } question)
        {
            _askers[question] = caller;
        }
    }

    /// <summary>Reads the id of a message that is a request.</summary>
    private static RequestId? ReadQuestion(ReadOnlySpan<byte> data)
    {
        RequestId? id = null;
        bool hasMethod = false;
        bool hasVersion = false;
        try
        {
            var reader = new Utf8JsonReader(data);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isId = reader.ValueTextEquals("id"u8);
                hasMethod |= reader.ValueTextEquals("method"u8);
                hasVersion |= reader.ValueTextEquals("jsonrpc"u8);
                if (reader.ValueTextEquals("result"u8))
                {
                    return null;
                }

                reader.Read();
                if (isId)
                {
                    id = ReadId(ref reader);
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // The SDK leaves such a message out.
            return null;
        }

        // The SDK never answers what it leaves out: remembering it would leak for as long as the session lives.
        return hasMethod && hasVersion ? id : null;
    }

    private static RequestId? ReadId(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => new RequestId(reader.GetString()!),
        JsonTokenType.Number when reader.TryGetInt64(out long number) => new RequestId(number),
        _ => null,
    };
}
