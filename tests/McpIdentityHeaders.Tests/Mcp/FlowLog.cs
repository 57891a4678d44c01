using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Keeps who the ambient user is wherever the SDK logs something.</summary>
internal sealed class FlowLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(string Text, string UserNames)> _entries = new();

    /// <summary>Gets who the user was for each entry with these words.</summary>
    public IReadOnlyList<string> Of(string words) =>
        [.. _entries.Where(entry => entry.Text.Contains(words, StringComparison.Ordinal)).Select(entry => entry.UserNames)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _entries.Enqueue((formatter(state, exception), UserNames.Ambient));

    public void Dispose()
    {
    }
}
