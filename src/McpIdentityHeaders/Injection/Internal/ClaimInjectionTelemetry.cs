using System.Security.Claims;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpIdentityHeaders.Internal;

/// <summary>Logs, counts and creates the errors of one client's requests. It outlives the settings, and holds no user's state.</summary>
internal sealed class ClaimInjectionTelemetry(string name, ILogger logger, ClaimInjectionMetrics? metrics)
{
    private readonly OncePerOrigin _untrustedOrigins = new();
    private readonly OncePerOrigin _plainOrigins = new();
    private readonly LogRate _redirectRate = new(TimeProvider.System);
    private readonly LogRate _oversizedRate = new(TimeProvider.System);
    private int _primaryWarned;
    private int _lifetimeLogged;
    private int _cookiesLogged;
    private int _tagWarned;

    /// <summary>Gets the telemetry of handlers made by hand: no name, no logs, no metrics.</summary>
    internal static ClaimInjectionTelemetry None => new(string.Empty, NullLogger.Instance, metrics: null);

    internal string Name => name;

    internal void Injected(Uri uri, string? forwardProxy)
    {
        metrics?.Injected(name);

        if ((forwardProxy is not null || Origin.IsPlainAndRemote(uri)) && _plainOrigins.IsFirst(new Origin(uri)))
        {
            string route = forwardProxy is null ? string.Empty : $" through the proxy '{forwardProxy}', which reads them";
            logger.PlainHttp(name, new Origin(uri), route);
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

    /// <summary>Logs the headers that are missing because inbound claim mapping has renamed what they are read from.</summary>
    internal void RenamedClaims(in UserIdentities user, ClaimInjectionPlan plan)
    {
        if (!logger.IsEnabled(LogLevel.Debug))
        {
            return;
        }

        IReadOnlyCollection<string> present = user.GetClaimTypes();
        foreach (ClaimHeaderPlan header in plan.Headers)
        {
            if (InboundClaimMapping.Find(header.ClaimTypes, present) is var (claimType, renamedTo))
            {
                logger.ClaimRenamed(name, header.Name, claimType, renamedTo);
            }
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

    internal void OversizedHeaderOmitted(string header)
    {
        if (IsLineAllowed(_oversizedRate))
        {
            logger.OversizedHeaderOmitted(name, header);
        }
    }

    internal void IdentityRedirectRefused(Uri from, Uri target) => RedirectRefused(from, target, logger.RedirectWithIdentityRefused);

    internal void TrustedTargetRefused(Uri from, Uri target) => RedirectRefused(from, target, logger.RedirectIntoTrustedOriginRefused);

    internal void SessionRedirectRefused(Uri from, Uri target) => RedirectRefused(from, target, logger.RedirectOfSessionRefused);

    internal void ContentNotRepeatable() => logger.RedirectWithContentNotFollowed(name);

    internal void UnknownPrimaryHandler(HttpMessageHandler? handler)
    {
        if (IsFirst(ref _primaryWarned))
        {
            logger.UnknownPrimaryHandler(name, handler?.GetType().Name);
        }
    }

    internal void CookiesOverruled()
    {
        if (IsFirst(ref _cookiesLogged))
        {
            logger.CookiesOverruled(name);
        }
    }

    internal void ActivitiesNotTagged(HttpMessageHandler? handler)
    {
        if (IsFirst(ref _tagWarned))
        {
            logger.ActivitiesNotTagged(name, handler?.GetType().Name);
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

    private void RedirectRefused(Uri from, Uri target, Action<string, Origin, Origin> log)
    {
        metrics?.RedirectRefused(name);
        if (IsLineAllowed(_redirectRate))
        {
            log(name, new Origin(from), new Origin(target));
        }
    }

    private bool IsLineAllowed(LogRate rate)
    {
        bool isAllowed = rate.TryTake(out long leftOut);
        if (isAllowed && leftOut > 0)
        {
            logger.LinesLeftOut(name, leftOut);
        }

        return isAllowed;
    }

    // Test before writing: avoids cache-line contention.
    private static bool IsFirst(ref int flag) => flag == 0 && Interlocked.Exchange(ref flag, 1) == 0;
}
