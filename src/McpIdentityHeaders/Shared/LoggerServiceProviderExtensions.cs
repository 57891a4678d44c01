using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpIdentityHeaders.Internal;

/// <summary>Makes loggers. A container without logging is no error.</summary>
internal static class LoggerServiceProviderExtensions
{
    internal static ILogger CreateLogger(this IServiceProvider services, Type category) =>
        services.GetService<ILoggerFactory>()?.CreateLogger(category) ?? NullLogger.Instance;

    internal static ILogger CreateLogger(this IServiceProvider services, string category) =>
        services.GetService<ILoggerFactory>()?.CreateLogger(category) ?? NullLogger.Instance;
}
