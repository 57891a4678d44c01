using ModelContextProtocol;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>Reports where it is called, unlike Progress&lt;T&gt;.</summary>
internal sealed class SynchronousProgress(Action<ProgressNotificationValue> report) : IProgress<ProgressNotificationValue>
{
    public void Report(ProgressNotificationValue value) => report(value);
}
