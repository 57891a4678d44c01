using System.Security.Claims;
using System.Text.Json;
using Gateway.Features;
using McpIdentityHeaders;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Sessions;

/// <summary>
/// A backend's session is one client's, so that the backend sees what that client can do, and what it sets there is not another's. The
/// claim that says so is the gateway's own, beside the user's, and in no header.
/// </summary>
internal sealed class ClientProfile(IIdentityAccessor accessor, CallerSessions sessions, GatewayLimits limits)
    : IConfigureNamedOptions<McpClientOptions>
{
    public const string ClaimType = "urn:gateway:client";

    /// <summary>Gets the user with what is a client's of which only the user is known.</summary>
    public ClaimsPrincipal? User => WithClaim("  {}");

    /// <summary>Gets the user with what tells the request's client apart.</summary>
    /// <param name="request">The request.</param>
    /// <param name="protocol">The protocol of the backend's session for that of the client; null where there are not both.</param>
    public ClaimsPrincipal? UserOf(CallerRequest request, string? protocol) =>
        WithClaim($"{request.Session?.Id} {protocol} {request.PassedCapabilities}");

    public void Configure(string? name, McpClientOptions options)
    {
        if (accessor.User?.FindFirst(ClaimType)?.Value.Split(' ', 3) is not [var session, var protocol, var profile])
        {
            return;
        }

        options.Capabilities = JsonSerializer.Deserialize<ClientCapabilities>(profile, McpJsonUtilities.DefaultOptions)!;
        if (protocol.Length > 0)
        {
            options.ProtocolVersion = protocol;
            options.Handlers = CreateHandlers(sessions.Find(session), options.Capabilities);
        }
    }

    public void Configure(McpClientOptions options) => Configure(Options.DefaultName, options);

    /// <summary>Creates what answers the questions on the backend's session beside any call: the client on its own session.</summary>
    private McpClientHandlers CreateHandlers(CallerSession? session, ClientCapabilities capabilities)
    {
        TimeSpan patience = limits.QuestionTimeout;
        return session is null ? new() : new()
        {
            ElicitationHandler = capabilities.Elicitation is null ? null : (question, cancellationToken) =>
                session.AskAsync<ElicitRequestParams?, ElicitResult>(
                    RequestMethods.ElicitationCreate, question, patience, cancellationToken),
            SamplingHandler = capabilities.Sampling is null ? null : (question, _, cancellationToken) =>
                session.AskAsync<CreateMessageRequestParams?, CreateMessageResult>(
                    RequestMethods.SamplingCreateMessage, question, patience, cancellationToken),
            RootsHandler = capabilities.Roots is null ? null : (question, cancellationToken) =>
                session.AskAsync<ListRootsRequestParams?, ListRootsResult>(RequestMethods.RootsList, question, patience, cancellationToken),
        };
    }

    private ClaimsPrincipal? WithClaim(string client)
    {
        if (accessor.User is not { Identity: ClaimsIdentity identity } user)
        {
            return accessor.User;
        }

        ClaimsIdentity known = identity.Clone();
        foreach (Claim foreign in known.FindAll(ClaimType).ToList())
        {
            // An issuer has no say in it.
            known.RemoveClaim(foreign);
        }

        known.AddClaim(new Claim(ClaimType, client));
        return new ClaimsPrincipal([known, .. user.Identities.Where(other => other != identity)]);
    }
}
