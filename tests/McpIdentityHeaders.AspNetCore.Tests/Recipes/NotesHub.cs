using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>A hub with methods of every kind that call a backend.</summary>
internal sealed class NotesHub(Notes notes, Channel<string> seen) : Hub
{
    public override async Task OnConnectedAsync() => await seen.Writer.WriteAsync("connected " + await notes.WhoAmIAsync());

    public override async Task OnDisconnectedAsync(Exception? exception) =>
        await seen.Writer.WriteAsync("disconnected " + await notes.WhoAmIAsync());

    public Task<string> WhoAmI() => notes.WhoAmIAsync();

    // <snippet>
    public IAsyncEnumerable<string> Stream(CancellationToken cancellationToken) =>
        notes.StreamAsync(cancellationToken: cancellationToken).ForUser(Context.User, cancellationToken);
    // </snippet>

    /// <summary>What the filter alone does for a stream: nothing, since the framework reads it after the method has returned.</summary>
    public IAsyncEnumerable<string> StreamWithoutUser(CancellationToken cancellationToken) =>
        notes.StreamAsync(cancellationToken: cancellationToken);

    public ChannelReader<string> Read(CancellationToken cancellationToken)
    {
        var items = Channel.CreateBounded<string>(1);
        _ = WriteAsync(items.Writer, cancellationToken);
        return items.Reader;
    }

    public async Task<string[]> Upload(IAsyncEnumerable<string> names)
    {
        List<string> users = [];
        await foreach (string name in names)
        {
            users.Add(name + " " + await notes.WhoAmIAsync());
        }

        return [.. users];
    }

    /// <summary>Reads a stream of the browser's for as long as it writes its own, after the method has returned.</summary>
    public IAsyncEnumerable<string> Echo(IAsyncEnumerable<string> names, CancellationToken cancellationToken) =>
        EchoAsync(names, cancellationToken).ForUser(Context.User, cancellationToken);

    private async IAsyncEnumerable<string> EchoAsync(
        IAsyncEnumerable<string> names, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (string name in names.WithCancellation(cancellationToken))
        {
            yield return name + " " + await notes.WhoAmIAsync(cancellationToken);
        }
    }

    private async Task WriteAsync(ChannelWriter<string> items, CancellationToken cancellationToken)
    {
        await foreach (string item in notes.StreamAsync(cancellationToken: cancellationToken))
        {
            await items.WriteAsync(item, cancellationToken);
        }

        items.Complete();
    }
}
