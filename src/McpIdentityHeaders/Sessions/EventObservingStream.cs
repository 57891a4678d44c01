using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// A stream of server-sent events with JSON-RPC messages. Each is shown to an observer before its reader can see the end of it, but for
/// responses, which may have any length and are most of what is read.
/// </summary>
internal sealed class EventObservingStream(Stream inner, EventObservingStream.Observer observe) : Stream
{
    // Longer events are passed on unobserved: a question is short.
    private const int MaxLength = 1024 * 1024;

    private const int OtherField = -1;

    private readonly List<byte> _data = [];

    // How much of the line is the name of the data field, or OtherField.
    private int _matched;
    private bool _isIgnored;
    private bool _isAfterCarriageReturn;

    private static ReadOnlySpan<byte> DataField => "data:"u8;

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
            OnPartOfLine(bytes[..end]);

            // CR LF is one end of a line.
            bool isSecondHalf = bytes[end] == '\n' && _isAfterCarriageReturn && _matched == 0;
            _isAfterCarriageReturn = bytes[end] == '\r';
            if (!isSecondHalf)
            {
                OnLineEnd();
            }

            bytes = bytes[(end + 1)..];
        }

        OnPartOfLine(bytes);
    }

    private void OnPartOfLine(ReadOnlySpan<byte> part)
    {
        while (!part.IsEmpty && _matched >= 0 && _matched < DataField.Length)
        {
            _matched = part[0] == DataField[_matched] ? _matched + 1 : OtherField;
            part = part[1..];
        }

        if (_matched == DataField.Length)
        {
            Append(part);
        }
    }

    private void OnLineEnd()
    {
        if (_matched == DataField.Length)
        {
            Append("\n"u8);
        }
        else if (_matched == 0)
        {
            OnEventEnd();
        }

        _matched = 0;
    }

    private void OnEventEnd()
    {
        if (_data.Count > 0 && !_isIgnored)
        {
            observe(CollectionsMarshal.AsSpan(_data));
        }

        _data.Clear();
        _isIgnored = false;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_isIgnored)
        {
            return;
        }

        // Do not copy a response: the first read nearly always shows one.
        if (_data.Count == 0 && IsResponse(bytes))
        {
            _isIgnored = true;
            return;
        }

        _data.AddRange(bytes);
        _isIgnored = _data.Count > MaxLength;
    }

    private static bool IsResponse(ReadOnlySpan<byte> beginning)
    {
        try
        {
            var reader = new Utf8JsonReader(beginning, isFinalBlock: false, state: default);
            bool isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("result"u8))
                {
                    return true;
                }

                if (!reader.TrySkip())
                {
                    return false;
                }
            }
        }
        catch (JsonException)
        {
            // The observer judges what does not parse.
        }

        return false;
    }
}
