namespace McpIdentityHeaders.Internal;

/// <summary>
/// One client's valid options, compiled and immutable. A request is served by one plan from beginning to end; changed options make a new
/// plan.
/// </summary>
internal sealed class ClaimInjectionPlan(ClaimInjectionOptions options, IEnumerable<Uri> clientOrigins)
{
    internal const string NoOriginForSecret = "SharedSecret is set, and no origin is named that it could be sent to. Set TrustedOrigins, or the endpoint.";

    private readonly bool _anyOrigin = options.AllowAnyOrigin;
    private readonly Origin[] _origins = [.. clientOrigins.Concat(options.TrustedOrigins).Select(uri => new Origin(uri)).Distinct()];

    internal ClaimHeaderPlan[] Headers { get; } = [.. options.Headers.Select(header => new ClaimHeaderPlan(header, options.SubjectClaimTypes))];

    internal IdentityHeaderNames HeaderNames { get; } = new(
        [.. options.Headers.Select(header => header.HeaderName), .. options.SharedSecret is { } secret ? [secret.HeaderName] : Array.Empty<string>()]);

    internal MissingIdentityBehavior MissingIdentity { get; } = options.MissingIdentity;

    internal HeaderValueEncoding Encoding { get; } = options.Encoding;

    internal bool RequireHttps { get; } = options.RequireHttps;

    /// <summary>Gets the origins that are served, for a message.</summary>
    internal string OriginsForMessage => _anyOrigin || _origins.Length == 0 ? "every origin" : string.Join(", ", _origins);

    /// <summary>Gets what finds the one user of a principal.</summary>
    internal UserSelector Users { get; } = new(options.SubjectClaimTypes, options.SelectIdentity);

    internal SharedSecret? SharedSecret { get; } = options.SharedSecret;

    internal int MaxRedirections { get; } = options.MaxRedirections;

    internal int MaxHeaderValueLength { get; } = options.MaxHeaderValueLength;

    internal int MaxTotalLength { get; } = options.MaxTotalLength;

    internal OversizedValueBehavior OversizedValue { get; } = options.OversizedValue;

    /// <summary>Gets whether every origin is served only because none is known, which deserves a warning.</summary>
    internal bool ServesAnyOriginByDefault => !_anyOrigin && _origins.Length == 0;

    /// <summary>Gets whether there is a shared secret, and no origin to send it to.</summary>
    internal bool LacksOriginForSecret => SharedSecret is not null && _origins.Length == 0;

    /// <summary>Compiles the options of a handler made by hand, which has no container to validate them.</summary>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    internal static ClaimInjectionPlan CreateStandalone(ClaimInjectionOptions options)
    {
        if (new ClaimInjectionOptionsValidator().Validate(name: null, options) is { Failed: true, FailureMessage: string error })
        {
            throw new ArgumentException(error, nameof(options));
        }

        var plan = new ClaimInjectionPlan(options, clientOrigins: []);
        return plan.LacksOriginForSecret
            ? throw new ArgumentException($"{ClaimInjectionOptionsValidator.Describe(null)}: {NoOriginForSecret}", nameof(options))
            : plan;
    }

    internal bool IsServed(Uri uri) => _anyOrigin || _origins.Length == 0 || IsTrusted(uri);

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
