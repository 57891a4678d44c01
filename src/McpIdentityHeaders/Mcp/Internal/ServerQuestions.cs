using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Which principal's call the server's questions on a session (elicitation, sampling, roots) belong to. A session's user has several
/// principals, such as an impersonator's, and none of them may answer for another.
/// </summary>
internal sealed class ServerQuestions(McpSession session, IIdentityAccessor accessor)
{
    private readonly ConcurrentDictionary<RequestId, ClaimsPrincipal> _calls = new();
    private readonly ConcurrentDictionary<RequestId, ClaimsPrincipal> _askers = new();

    // In the session's own flow, no call asks.
    private ClaimsPrincipal? Caller => AmbientIdentity.Current?.Session == session ? null : accessor.User ?? session.User;

    internal void OnCallSent(RequestId id)
    {
        if (Caller is { } caller)
        {
            _calls[id] = caller;
        }
    }

    internal void OnCallEnded(RequestId id) => _calls.TryRemove(id, out _);

    /// <summary>Reads the questions in the response to a call: Streamable HTTP asks them there.</summary>
    internal Task ObserveAsync(HttpResponseMessage response, CancellationToken cancellationToken) => Caller is { } caller
        ? EventObservingStream.ObserveAsync(response, data => OnEvent(data, caller), cancellationToken)
        : Task.CompletedTask;

    /// <summary>
    /// Gives the flow to answer a question in, as the principal of the call that asked. Null where that is unknown: the session's user answers.
    /// </summary>
    internal ExecutionContext? GetFlow(RequestId question)
    {
        if (!_askers.TryRemove(question, out ClaimsPrincipal? asker) && _calls.Values.Distinct().ToList() is [var only])
        {
            asker = only;
        }

        if (asker is null)
        {
            return null;
        }

        ExecutionContext? flow = null;
        ExecutionContext.Run(
            ExecutionContext.Capture()!,
            _ =>
            {
                IdentityScope.EnterSession(session, asker);
                flow = ExecutionContext.Capture();
            },
            state: null);
        return flow;
    }

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

        // What the SDK leaves out is never answered, and would be remembered for as long as the session lives.
        return hasMethod && hasVersion ? id : null;
    }

    private static RequestId? ReadId(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => new RequestId(reader.GetString()!),
        JsonTokenType.Number when reader.TryGetInt64(out long number) => new RequestId(number),
        _ => null,
    };
}
