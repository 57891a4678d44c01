namespace Gateway.Backends;

/// <summary>Reads a body up to a limit; of a stream of events, each event, and at the pace at which they are read.</summary>
internal sealed class LimitedStream(Stream inner, int limit, bool isOfEvents, MessagePace? pace) : Stream
{
    private long _length;
    private bool _isLineEmpty = true;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (pace is not null)
        {
            await pace.WaitAsync(cancellationToken);
        }

        int read = await inner.ReadAsync(buffer, cancellationToken);
        Count(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = inner.Read(buffer, offset, count);
        Count(buffer.AsSpan(offset, read));
        return read;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }

    private void Count(ReadOnlySpan<byte> read)
    {
        _length += read.Length;
        if (isOfEvents)
        {
            CountFromLastEvent(read);
        }

        if (_length > limit)
        {
            throw new ResponseTooLargeException(limit);
        }
    }

    /// <summary>An empty line ends an event.</summary>
    private void CountFromLastEvent(ReadOnlySpan<byte> read)
    {
        for (int index = 0; index < read.Length; index++)
        {
            if (read[index] != '\n')
            {
                _isLineEmpty &= read[index] == '\r';
                continue;
            }

            if (_isLineEmpty)
            {
                _length = read.Length - index - 1;
            }

            _isLineEmpty = true;
        }
    }
}
