using System.Diagnostics.CodeAnalysis;

namespace McpIdentityHeaders.Internal;

/// <summary>One client's valid options, compiled and immutable. One plan serves a request from beginning to end.</summary>
internal sealed class ClaimInjectionPlan(ClaimInjectionOptions options, IEnumerable<Uri> clientOrigins, SharedSecretNames? secrets = null)
    : IIdentityPlan
{
    internal const string NoOriginForSecret =
        "SharedSecret is set, and no origin is named that it could be sent to. Set TrustedOrigins, or the endpoint.";

    private readonly bool _anyOrigin = options.AllowAnyOrigin;
    private readonly Origin[] _origins = [.. clientOrigins.Concat(options.TrustedOrigins).Select(uri => new Origin(uri)).Distinct()];
    private readonly Origin[] _services = [.. options.TrustedServices.Select(uri => new Origin(uri)).Distinct()];

    internal ClaimHeaderPlan[] Headers { get; } =
        [.. options.Headers.Select(header => new ClaimHeaderPlan(header, options.SubjectClaimTypes))];

    internal IdentityHeaderNames HeaderNames { get; } = new(
        [
            .. options.Headers.Select(header => header.HeaderName),
            .. new[] { options.SharedSecret?.HeaderName, options.Assertion?.Name }.OfType<string>(),
        ],
        secrets);

    internal MissingIdentityBehavior MissingIdentity { get; } = options.MissingIdentity;

    internal HeaderValueEncoding Encoding { get; } = options.Encoding;

    internal bool RequireHttps { get; } = options.RequireHttps;

    /// <summary>Gets the origins that are served, for a message.</summary>
    internal string OriginsForMessage => _anyOrigin || _origins.Length == 0 ? "every origin" : string.Join(", ", _origins);

    internal UserSelector Users { get; } = new(options.SubjectClaimTypes, options.SelectIdentity);

    internal SharedSecret? SharedSecret { get; } = options.SharedSecret;

    internal AssertionHeader? Assertion { get; } = options.Assertion;

    /// <summary>Gets what tags the activities of requests that carry an identity; null where nothing does.</summary>
    public UserActivityTagger? UserTagger { get; } = UserActivityTagger.Create(options.UserActivityTag, options.UserActivityTagKey);

    internal int MaxRedirections { get; } = options.MaxRedirections;

    internal int MaxHeaderValueLength { get; } = options.MaxHeaderValueLength;

    internal int MaxTotalLength { get; } = options.MaxTotalLength;

    internal OversizedValueBehavior OversizedValue { get; } = options.OversizedValue;

    /// <summary>Gets whether every origin is served because none is known, as by a handler made by hand, never by a container's.</summary>
    internal bool ServesAnyOriginByDefault => !_anyOrigin && !NamesOrigin;

    internal bool LacksOriginForSecret => SharedSecret is not null && !NamesOrigin;

    /// <summary>Gets whether requests to some service are resolved by a handler in front.</summary>
    internal bool HasServices => _services.Length > 0;

    internal bool ServesAnyOrigin => _anyOrigin || ServesAnyOriginByDefault;

    /// <summary>Gets whether some origin is named, and trusted for that.</summary>
    internal bool NamesOrigin => _origins.Length > 0 || HasServices;

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

    /// <summary>Whether the origin is one that was named. Where any origin is served, none is trusted for that.</summary>
    internal bool IsTrusted(Uri uri) => Contains(_origins, uri);

    internal bool IsService(Uri uri) => Contains(_services, uri);

    /// <summary>Whether logs must not show the header's value.</summary>
    internal bool IsRedacted(string headerName) =>
        HeaderNames.Contains(headerName)
        || (Assertion is { Name: null } && headerName.Equals("Authorization", StringComparison.OrdinalIgnoreCase));

    /// <summary>Gets the service that the program sent the request to, where a handler in front resolved it.</summary>
    internal Uri? FindResolvedService(HttpRequestMessage request, Uri uri) =>
        IsResolvedService(request, uri) && !IsTrusted(uri) ? RequestedService.Find(request) : null;

    /// <summary>Whether each origin that the request names, by its URI and by its Host header, is one that was named here.</summary>
    /// <param name="request">The request.</param>
    /// <param name="uri">Its absolute URI.</param>
    /// <param name="untrusted">The first origin that was not.</param>
    internal bool IsTrusted(HttpRequestMessage request, Uri uri, [NotNullWhen(false)] out Uri? untrusted)
    {
        untrusted = IsTrusted(uri) || IsResolvedService(request, uri) ? null : uri;
        if (untrusted is null
            && HostHeader.TryGetOtherHost(request, uri, out Uri? host)
            && (host is null || !(IsTrusted(host) || IsService(host))))
        {
            untrusted = host ?? uri;
        }

        return untrusted is null;
    }

    /// <summary>Whether the program sent the request to a trusted service, and a handler in front resolved it to this URI.</summary>
    private bool IsResolvedService(HttpRequestMessage request, Uri uri) =>
        HasServices
        && RequestedService.Find(request) is { } service
        && IsService(service)
        && (Origin.IsPlain(service) || !Origin.IsPlain(uri));

    private static bool Contains(Origin[] origins, Uri uri)
    {
        foreach (Origin origin in origins)
        {
            if (origin.IsOf(uri))
            {
                return true;
            }
        }

        return false;
    }
}
