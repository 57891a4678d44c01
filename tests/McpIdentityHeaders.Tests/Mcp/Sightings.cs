using System.Threading.Channels;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Whom code that gives no answer saw as its user, in order.</summary>
internal sealed class Sightings
{
    private readonly Channel<string> _channel = Channel.CreateUnbounded<string>();

    /// <summary>Keeps who the user is for the caller.</summary>
    public void Add(string place) => _channel.Writer.TryWrite($"{place}: {Who.Ambient}");

    /// <summary>Waits for the next one, however early or late it comes.</summary>
    public Task<string> NextAsync() => _channel.Reader.ReadAsync().AsTask().WaitAsync(Held.Patience);

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
