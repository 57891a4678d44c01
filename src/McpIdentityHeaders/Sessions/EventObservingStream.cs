using System.Net.Http.Headers;
using System.Runtime.InteropServices;

namespace McpIdentityHeaders.Internal;

/// <summary>A stream of server-sent events, each of which is shown to an observer before its reader can see the end of it.</summary>
internal sealed class EventObservingStream(Stream inner, EventObservingStream.Observer observe) : Stream
{
    // Longer events are passed on unobserved: a question is short, and a result may have any length.
    private const int MaxLength = 1024 * 1024;

    private readonly List<byte> _line = [];
    private readonly List<byte> _data = [];
    private bool _isAfterCarriageReturn;

    internal delegate void Observer(ReadOnlySpan<byte> data);

    /// <summary>Shows the events of a response to an observer, where it is a stream of events.</summary>
    internal static async Task ObserveAsync(HttpResponseMessage response, Observer observe, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            return;
        }

        HttpContent content = response.Content;
        Stream stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        response.Content = new StreamContent(new EventObservingStream(stream, observe));
        foreach ((string name, HeaderStringValues values) in content.Headers.NonValidated)
        {
            response.Content.Headers.Add(name, values);
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        Observe(buffer[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Observe(buffer.Span[..read]);
        return read;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Observe(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOfAny((byte)'\r', (byte)'\n') is var end and >= 0)
        {
            Append(_line, bytes[..end]);

            // CR LF is one end of a line.
            bool isSecondHalf = bytes[end] == '\n' && _isAfterCarriageReturn && _line.Count == 0;
            _isAfterCarriageReturn = bytes[end] == '\r';
            if (!isSecondHalf)
            {
                OnLine();
            }

            bytes = bytes[(end + 1)..];
        }

        Append(_line, bytes);
    }

    private void OnLine()
    {
        ReadOnlySpan<byte> line = CollectionsMarshal.AsSpan(_line);
        if (line.StartsWith("data:"u8))
        {
            Append(_data, line["data:"u8.Length..]);
            Append(_data, "\n"u8);
        }
        else if (line.IsEmpty && _data.Count > 0)
        {
            observe(CollectionsMarshal.AsSpan(_data));
            _data.Clear();
        }

        _line.Clear();
    }

    private static void Append(List<byte> target, ReadOnlySpan<byte> bytes)
    {
        if (target.Count + bytes.Length <= MaxLength)
        {
            target.AddRange(bytes);
        }
    }
}
