using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Records the ambient user of each of the SDK's log entries.</summary>
internal sealed class FlowLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(string Text, string UserNames)> _entries = new();

    /// <summary>Gets the user of each entry with these words.</summary>
    public IReadOnlyList<string> Of(string words) =>
        [.. _entries.Where(entry => entry.Text.Contains(words, StringComparison.Ordinal)).Select(entry => entry.UserNames)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((formatter(state, exception), UserNames.Ambient));

    public void Dispose()
    {
    }
}
