using System.Collections.Concurrent;

namespace McpIdentityHeaders.Internal;

/// <summary>The ids of all open sessions. To a backend that hands out one id twice, two users' sessions are one.</summary>
internal sealed class SessionIds
{
    // Without the query: one user's transport options may add to it, and it is one backend all the same.
    private readonly ConcurrentDictionary<(string Endpoint, string Id), McpSession> _sessions = new();

    /// <summary>Claims the id that the backend gave to a session, until the session ends.</summary>
    /// <exception cref="ClaimInjectionException">Another open session has it.</exception>
    internal void Claim(string clientName, McpSession session, string id)
    {
        (string, string) key = (session.Endpoint!.GetLeftPart(UriPartial.Path), id);
        if (_sessions.GetOrAdd(key, session) != session)
        {
            throw SessionError.NotOpened(
                clientName,
                ClaimInjectionErrorReason.InvalidSession,
                "the backend handed out the id of another open session, and would take both for one. Have the backend give each session an "
                + "id of its own, also after a restart");
        }

        session.ReleaseId?.Invoke();
        session.ReleaseId = () => _sessions.TryRemove(KeyValuePair.Create(key, session));
    }
}
