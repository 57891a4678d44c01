using System.Security.Claims;
using Microsoft.Extensions.Options;

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
    internal ClaimInjectionPlan(string clientName, ClaimInjectionOptions options, IEnumerable<Uri> clientOrigins)
    {
        Headers = [.. options.Headers.Select(header => new ClaimHeaderPlan(header))];
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
        ServesAnyOriginByDefault = _anyOrigin && !options.AllowAnyOrigin;

        if (SharedSecret is not null && _origins.Length == 0)
        {
            throw new OptionsValidationException(
                clientName,
                typeof(ClaimInjectionOptions),
                [$"{ClaimInjectionOptionsValidator.Describe(clientName)}: SharedSecret is set, and no origin is named that it could be sent to. "
                    + "Set TrustedOrigins, or the endpoint."]);
        }
    }

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
    internal bool ServesAnyOriginByDefault { get; }

    /// <summary>Compiles the options of a handler made by hand, which has no container to validate them.</summary>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    internal static ClaimInjectionPlan CreateStandalone(ClaimInjectionOptions options)
    {
        if (new ClaimInjectionOptionsValidator().Validate(name: null, options) is { Failed: true, FailureMessage: string error })
        {
            throw new ArgumentException(error, nameof(options));
        }

        try
        {
            return new ClaimInjectionPlan(clientName: string.Empty, options, clientOrigins: []);
        }
        catch (OptionsValidationException exception)
        {
            throw new ArgumentException(exception.Message, nameof(options));
        }
    }

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
