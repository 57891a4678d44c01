using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Remembers the categories that loggers are made for.</summary>
internal sealed class LogCategories : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _names.Keys;

    public ILogger CreateLogger(string categoryName)
    {
        _names[categoryName] = true;
        return NullLogger.Instance;
    }

    public void Dispose()
    {
    }
}
