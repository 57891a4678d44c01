using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Logs once each way in which stripping stands at the wrong place, which only a request shows.</summary>
internal sealed class StrippingOrder
{
    private readonly ILogger _logger;
    private readonly Lazy<string?> _receivingScheme;
    private int _reported;

    internal StrippingOrder(IServiceProvider services, InboundHeaders inbound)
    {
        _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("McpIdentityHeaders.AspNetCore.IdentityHeaderStripping");
        _receivingScheme = new Lazy<string?>(() => FindReceivingScheme(services, inbound));
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
            if (!isAuthenticated && IsFirst(Errors.BeforeReceiving))
            {
                _logger.StrippingBeforeReceiving(scheme);
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

    private static string? FindReceivingScheme(IServiceProvider services, InboundHeaders inbound) => services
        .GetServices<IdentityHeadersSchemeName>()
        .Select(name => name.Value)
        .FirstOrDefault(name =>
            services.GetRequiredKeyedService<IdentityHeadersScheme>(name).Plan.HeaderNames.Any(inbound.IsIdentityHeader))
        ?? services.GetServices<IdentityAssertionSchemeName>()
            .Select(name => name.Value)
            .FirstOrDefault(name => inbound.IsIdentityHeader(
                services.GetRequiredKeyedService<IdentityAssertionScheme>(name).Plan.Options.HeaderName));

    private bool IsFirst(Errors error) => (Interlocked.Or(ref _reported, (int)error) & (int)error) == 0;
}
