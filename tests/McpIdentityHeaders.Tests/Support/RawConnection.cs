using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>Passes a connection's bytes on to the server and keeps those that it has read.</summary>
internal sealed class RawConnection(PipeReader inner) : PipeReader
{
    private readonly List<byte> _read = [];
    private ReadOnlySequence<byte> _buffer;
    private RawHead? _head;

    /// <summary>Gets the request's head, once all of it has been read.</summary>
    public RawHead? Head
    {
        get
        {
            lock (_read)
            {
                return _head ??= Parse(Encoding.Latin1.GetString([.. _read]));
            }
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_read)
        {
            _read.AddRange(_buffer.Slice(_buffer.Start, consumed).ToArray());
        }

        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ReadResult result = await inner.ReadAsync(cancellationToken);
        _buffer = result.Buffer;
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        bool read = inner.TryRead(out result);
        _buffer = read ? result.Buffer : _buffer;
        return read;
    }

    private static RawHead? Parse(string text)
    {
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end < 0 ? null : new RawHead(text[..end].Split("\r\n"));
    }
}
