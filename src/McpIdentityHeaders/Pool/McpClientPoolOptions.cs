using System.Security.Claims;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders;

/// <summary>How <see cref="IMcpClientPool"/> keeps the sessions of one client.</summary>
/// <remarks>
/// Named by the client. All but <see cref="TransportOptionsFactory"/> binds from configuration: the section given to <c>AddMcpClient</c>
/// may have a <c>Pool</c> in it. It is validated at start-up (without a host: at first use), and a changed configuration before it takes
/// effect: an invalid one is logged and leaves the last good one in force. Times are those of the registered <see cref="TimeProvider"/>.
/// </remarks>
public sealed class McpClientPoolOptions
{
    /// <summary>Gets or sets how long an idle session stays open.</summary>
    /// <value>
    /// More than zero and at most 24 days. The default value is 10 minutes. Keep it below the time after which the backend ends idle
    /// sessions.
    /// </value>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Gets or sets the maximum number of sessions, those being opened included, those being closed not.</summary>
    /// <value>
    /// At least 1. The default value is 10,000. At the maximum, a new session closes the one that has been idle longest; where all are
    /// rented, renting fails. At most twice as many rents, but always 100, wait at a time for sessions to open (of one user, or of all
    /// anonymous ones, at most half of these); further ones fail.
    /// </value>
    public int MaxSessions { get; set; } = 10_000;

    /// <summary>Gets or sets the maximum number of sessions of anonymous and unknown users, each of whom has one of its own.</summary>
    /// <value>
    /// At least 1. The default value is <see langword="null"/>: a tenth of <see cref="MaxSessions"/>, and at least 1. It is part of
    /// <see cref="MaxSessions"/>, so that anonymous users cannot keep signed-in ones out. At the maximum, renting fails.
    /// </value>
    public int? MaxAnonymousSessions { get; set; }

    /// <summary>Gets or sets whether one client serves all users where the backend is stateless.</summary>
    /// <value>
    /// The default value is <see langword="true"/>. A client is shared where protocol 2026-07-28 or later is negotiated over Streamable
    /// HTTP without a session id, and where the client has no <c>OAuth</c>, no handlers for elicitation, sampling, roots or notifications,
    /// and no <see cref="TransportOptionsFactory"/>: everywhere else, some state belongs to one user.
    /// </value>
    public bool ShareStatelessClients { get; set; } = true;

    /// <summary>Gets or sets how long closing a session may take, such as the DELETE to a backend that does not respond.</summary>
    /// <value>More than zero and at most 24 days. The default value is 5 seconds for each session; many are closed at once.</value>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets the factory of the transport options of one user's session.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: all sessions are opened with the registered options. It is given the session's user (a
    /// principal without identities where the user is anonymous or unknown) and a copy of the registered options, <c>OAuth</c> included,
    /// which it may change and return. It is the way to a <c>TokenCache</c> for each user. With it, no client serves several users.
    /// </value>
    public Func<ClaimsPrincipal, HttpClientTransportOptions, HttpClientTransportOptions>? TransportOptionsFactory { get; set; }

    /// <summary>Gets the claim types that tell one user's sessions apart, besides issuer and subject.</summary>
    /// <value>
    /// Empty by default: one session for a user. With <c>org_id</c>, say, a user has a session for each organisation, and calls for one
    /// never go out on the session of another. Compared exactly; all values of a type count, whatever their order.
    /// </value>
    public IList<string> SessionKeyClaimTypes { get; } = [];

    /// <summary>Gets the maximum of anonymous sessions in force.</summary>
    internal int AnonymousLimit => MaxAnonymousSessions ?? Math.Max(1, MaxSessions / 10);

    /// <summary>Gets how many rents may wait for sessions to open.</summary>
    internal long WaitLimit => Math.Max(100, 2L * MaxSessions);

    /// <summary>Gets whether the settings let one client serve all users.</summary>
    internal bool AllowsSharing => ShareStatelessClients && TransportOptionsFactory is null;
}
