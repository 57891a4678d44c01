using System.Security.Claims;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpIdentityHeaders.Internal;

/// <summary>What one client logs, counts and throws of its requests. It outlives the client's settings, and holds no user's state.</summary>
internal sealed class ClaimInjectionTelemetry(string name, ILogger logger, ClaimInjectionMetrics? metrics)
{
    private readonly OncePerOrigin _untrustedOrigins = new();
    private readonly OncePerOrigin _plainOrigins = new();
    private int _anyOriginWarned;
    private int _primaryWarned;
    private int _lifetimeLogged;

    /// <summary>Gets the telemetry of handlers made by hand: no name, no logs, no metrics.</summary>
    internal static ClaimInjectionTelemetry None => new(string.Empty, NullLogger.Instance, metrics: null);

    internal string Name => name;

    internal void Injected(Uri uri, bool servesAnyOriginByDefault)
    {
        metrics?.Injected(name);

        if (servesAnyOriginByDefault && IsFirst(ref _anyOriginWarned))
        {
            logger.AnyOriginServed(name);
        }

        if (Origin.IsPlainAndRemote(uri) && _plainOrigins.IsFirst(new Origin(uri)))
        {
            logger.PlainHttp(name, new Origin(uri));
        }

        if (logger.IsEnabled(LogLevel.Debug))
        {
            logger.HeadersInjected(name, new Origin(uri));
        }
    }

    internal void UnknownUser()
    {
        metrics?.UnknownUser(name);
        logger.UnknownUser(name);
    }

    internal void SessionUserStandsIn() => logger.SessionUserStandsIn(name);

    internal void Started(ClaimInjectionPlan plan)
    {
        if (logger.IsEnabled(LogLevel.Information))
        {
            logger.ClientStarted(
                name, string.Join(", ", plan.Headers.Select(header => $"{header.Name} from {header.Source}")), plan.OriginsForMessage);
        }
    }

    internal void AnonymousUser(ClaimsPrincipal user)
    {
        metrics?.AnonymousUser(name);
        if (!logger.IsEnabled(LogLevel.Debug))
        {
            return;
        }

        // A likely slip: new ClaimsIdentity(claims) is not authenticated.
        if (UserSelector.HasClaims(user))
        {
            logger.UnauthenticatedUser(name);
        }
        else
        {
            logger.AnonymousUser(name);
        }
    }

    internal void NoClaims(in UserIdentities user, ClaimInjectionPlan plan)
    {
        metrics?.NoClaims(name);
        if (logger.IsEnabled(LogLevel.Debug))
        {
            logger.NoClaims(
                name,
                string.Join(", ", plan.Headers.Select(header => $"'{header.Name}' from {header.Source}")),
                string.Join(", ", user.GetClaimTypes().Select(type => $"'{type}'")));
        }
    }

    internal void UntrustedOrigin(Uri? uri)
    {
        metrics?.UntrustedOrigin(name);

        if (uri is not { IsAbsoluteUri: true })
        {
            return;
        }

        if (logger.IsEnabled(LogLevel.Debug))
        {
            logger.OriginNotTrusted(name, new Origin(uri));
        }

        if (_untrustedOrigins.IsFirst(new Origin(uri)))
        {
            logger.UntrustedOrigin(name, new Origin(uri));
        }
    }

    internal void Stripped(int headers) => metrics?.StrippedOutbound(headers);

    internal void OversizedHeaderOmitted(string header) => logger.OversizedHeaderOmitted(name, header);

    internal void IdentityRedirectRefused(Uri from, Uri target)
    {
        metrics?.RedirectRefused(name);
        logger.RedirectWithIdentityRefused(name, new Origin(from), new Origin(target));
    }

    internal void TrustedTargetRefused(Uri from, Uri target)
    {
        metrics?.RedirectRefused(name);
        logger.RedirectIntoTrustedOriginRefused(name, new Origin(from), new Origin(target));
    }

    internal void ContentNotRepeatable() => logger.RedirectWithContentNotFollowed(name);

    internal void UnknownPrimaryHandler(HttpMessageHandler? handler)
    {
        if (IsFirst(ref _primaryWarned))
        {
            logger.UnknownPrimaryHandler(name, handler?.GetType().Name);
        }
    }

    internal void ConnectionLifetimeUnlimited()
    {
        if (IsFirst(ref _lifetimeLogged))
        {
            logger.ConnectionLifetimeUnlimited(name);
        }
    }

    /// <summary>Counts a request as rejected and creates its error. The reason names no claim's value.</summary>
    internal ClaimInjectionException Reject(ClaimInjectionErrorReason reason, string error)
    {
        metrics?.Rejected(name);
        string client = name.Length == 0 ? "The request" : $"HttpClient '{name}': the request";
        return new ClaimInjectionException($"{client} was not sent: {error}.", reason);
    }

    // Test before writing: avoids cache-line contention.
    private static bool IsFirst(ref int flag) => flag == 0 && Interlocked.Exchange(ref flag, 1) == 0;
}
