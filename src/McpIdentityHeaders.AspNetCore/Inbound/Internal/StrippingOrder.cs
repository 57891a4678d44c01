using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Logs once each way in which stripping stands at the wrong place, which only a request shows.</summary>
internal sealed class StrippingOrder
{
    private readonly ILogger _logger;
    private readonly Lazy<ReceivingScheme?> _receivingScheme;
    private int _reported;

    internal StrippingOrder(IServiceProvider services, InboundHeaders inbound)
    {
        _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("McpIdentityHeaders.AspNetCore.IdentityHeaderStripping");
        _receivingScheme = new Lazy<ReceivingScheme?>(() => FindReceivingScheme(services, inbound));
    }

    [Flags]
    private enum Errors
    {
        AfterAuthentication = 1,
        AfterRouting = 2,
        BeforeReceiving = 4,
    }

    internal void Check(HttpContext context)
    {
        bool isAuthenticated = context.Features.Get<IAuthenticationFeature>() is not null;
        if (_receivingScheme.Value is { } scheme)
        {
            if (scheme.LosesHeaders && !isAuthenticated && IsFirst(Errors.BeforeReceiving))
            {
                _logger.StrippingBeforeReceiving(scheme.Name);
            }

            return;
        }

        if (isAuthenticated && IsFirst(Errors.AfterAuthentication))
        {
            _logger.StrippingAfterAuthentication();
        }

        if (context.GetEndpoint() is not null && IsFirst(Errors.AfterRouting))
        {
            _logger.StrippingAfterRouting();
        }
    }

    /// <summary>Finds a scheme that reads what is stripped, if possible one that loses its headers by that.</summary>
    private static ReceivingScheme? FindReceivingScheme(IServiceProvider services, InboundHeaders inbound)
    {
        List<ReceivingScheme> found = [];
        foreach (IdentityHeadersScheme scheme in IdentityHeadersScheme.GetAll(services))
        {
            IdentityHeadersPlan plan = scheme.Plan;
            if (plan.HeaderNames.Where(inbound.IsIdentityHeader).ToArray() is { Length: > 0 } stripped)
            {
                found.Add(new ReceivingScheme(scheme.Name, Array.Exists(stripped, plan.IsIdentityHeader)));
            }
        }

        // A secret and an assertion have left the request before: stripping takes none from its scheme.
        found.AddRange(
            from name in services.GetServices<IdentityAssertionSchemeName>()
            let plan = services.GetRequiredKeyedService<IdentityAssertionScheme>(name.Value).Plan
            where inbound.IsIdentityHeader(plan.Options.HeaderName)
            select new ReceivingScheme(name.Value, LosesHeaders: false));

        return found.Find(scheme => scheme.LosesHeaders) ?? found.FirstOrDefault();
    }

    private bool IsFirst(Errors error) => (Interlocked.Or(ref _reported, (int)error) & (int)error) == 0;

    private sealed record ReceivingScheme(string Name, bool LosesHeaders);
}
