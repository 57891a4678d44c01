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
internal sealed class ClientProfile(IIdentityAccessor accessor) : IConfigureNamedOptions<McpClientOptions>
{
    public const string ClaimType = "urn:gateway:client";

    /// <summary>Gets the user with what tells the request's client apart.</summary>
    public ClaimsPrincipal? UserOf(CallerRequest request)
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

        known.AddClaim(new Claim(ClaimType, $"{request.Session?.Id} {request.PassedCapabilities}"));
        return new ClaimsPrincipal([known, .. user.Identities.Where(other => other != identity)]);
    }

    public void Configure(string? name, McpClientOptions options)
    {
        if (accessor.User?.FindFirst(ClaimType)?.Value is { } profile)
        {
            options.Capabilities = JsonSerializer.Deserialize<ClientCapabilities>(
                profile.AsSpan(profile.IndexOf(' ', StringComparison.Ordinal) + 1), McpJsonUtilities.DefaultOptions);
        }
    }

    public void Configure(McpClientOptions options) => Configure(Options.DefaultName, options);
}
