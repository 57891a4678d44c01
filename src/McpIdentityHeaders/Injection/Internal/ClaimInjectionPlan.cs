using System.Security.Claims;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// One client's valid options, compiled and immutable. A request is served by one plan from beginning to end; changed options make a new
/// plan.
/// </summary>
internal sealed class ClaimInjectionPlan
{
    private readonly Origin[] _origins;
    private readonly bool _anyOrigin;

    /// <exception cref="OptionsValidationException">There is a shared secret, and no origin to send it to.</exception>
    internal ClaimInjectionPlan(
        string clientName, ClaimInjectionOptions options, IEnumerable<Uri> clientOrigins, HttpClientTransportOptions? transport = null)
    {
        Transport = transport;
        ClaimTypes = new ClaimTypeIndex(options.Headers.SelectMany(header => header.ClaimTypes));
        Headers = [.. options.Headers.Select(header => new ClaimHeaderPlan(header, ClaimTypes))];
        SharedSecret = options.SharedSecret;
        HeaderNames = new IdentityHeaderNames(
            [.. options.Headers.Select(header => header.HeaderName), .. SharedSecret is null ? [] : new[] { SharedSecret.HeaderName }]);
        MissingIdentity = options.MissingIdentity;
        Encoding = options.Encoding;
        RequireHttps = options.RequireHttps;
        SelectIdentity = options.SelectIdentity;
        MaxRedirections = options.MaxRedirections;
        MaxHeaderValueLength = options.MaxHeaderValueLength;
        MaxTotalLength = options.MaxTotalLength;
        OversizedValue = options.OversizedValue;

        _origins = [.. clientOrigins.Concat(options.TrustedOrigins).Select(uri => new Origin(uri)).Distinct()];
        _anyOrigin = options.AllowAnyOrigin || _origins.Length == 0;
        ServesAnyOriginUnsaid = _anyOrigin && !options.AllowAnyOrigin;

        if (SharedSecret is not null && _origins.Length == 0)
        {
            throw new OptionsValidationException(
                clientName,
                typeof(ClaimInjectionOptions),
                [$"{ClaimInjectionOptionsValidator.Describe(clientName)}: SharedSecret is set, and no origin is named that it could be sent to. "
                    + "Set TrustedOrigins, or the endpoint."]);
        }
    }

    /// <summary>
    /// Gets the transport options of the same moment, which an MCP client's sessions are opened with: a change of the endpoint and of the
    /// headers is one change, in force whole or not at all.
    /// </summary>
    internal HttpClientTransportOptions? Transport { get; }

    internal ClaimTypeIndex ClaimTypes { get; }

    internal ClaimHeaderPlan[] Headers { get; }

    internal IdentityHeaderNames HeaderNames { get; }

    internal MissingIdentityBehavior MissingIdentity { get; }

    internal HeaderValueEncoding Encoding { get; }

    internal bool RequireHttps { get; }

    internal Func<ClaimsPrincipal, ClaimsIdentity?>? SelectIdentity { get; }

    internal SharedSecret? SharedSecret { get; }

    internal int MaxRedirections { get; }

    internal int MaxHeaderValueLength { get; }

    internal int MaxTotalLength { get; }

    internal OversizedValueBehavior OversizedValue { get; }

    /// <summary>Gets whether every origin is served only because none is known, which deserves a warning.</summary>
    internal bool ServesAnyOriginUnsaid { get; }

    internal bool IsServed(Uri uri) => _anyOrigin || IsTrusted(uri);

    /// <summary>Whether the origin is one that was named. Where any origin is served, none is trusted for that.</summary>
    internal bool IsTrusted(Uri uri)
    {
        foreach (Origin origin in _origins)
        {
            if (origin.IsOf(uri))
            {
                return true;
            }
        }

        return false;
    }
}
