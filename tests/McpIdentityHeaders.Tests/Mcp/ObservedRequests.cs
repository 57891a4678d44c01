using System.Threading.Channels;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>The users that code without a response ran for, in order.</summary>
internal sealed class ObservedRequests
{
    private readonly Channel<string> _channel = Channel.CreateUnbounded<string>();

    /// <summary>Records the ambient user.</summary>
    public void Add(string place) => _channel.Writer.TryWrite($"{place}: {UserNames.Ambient}");

    /// <summary>Waits for the next one, however early or late it comes.</summary>
    public Task<string> NextAsync() => _channel.Reader.ReadAsync().AsTask().WaitAsync(AsyncGate.Patience);

    /// <summary>Takes all that there are.</summary>
    public IReadOnlyList<string> Take()
    {
        List<string> all = [];
        while (_channel.Reader.TryRead(out string? sighting))
        {
            all.Add(sighting);
        }

        return all;
    }
}
