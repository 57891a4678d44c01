namespace Gateway.Backends;

/// <summary>
/// Has the stream of a backend's response wait while a message is handled: the SDK's transport would hold all that comes meanwhile, for a
/// client that reads slowly or not at all.
/// </summary>
internal sealed class MessagePace : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<MessagePace> Key = new("Gateway.MessagePace");

    private readonly SemaphoreSlim _stream = new(1, 1);
    private bool _isHeld;

    public MessagePace(HttpMessageHandler inner)
        : base(inner)
    {
    }

    public static MessagePace? Of(HttpRequestMessage request) => request.Options.TryGetValue(Key, out MessagePace? pace) ? pace : null;

    /// <summary>Holds the stream. The one who reads the messages calls it for each.</summary>
    public async ValueTask HoldAsync(CancellationToken cancellationToken)
    {
        if (!_isHeld)
        {
            await _stream.WaitAsync(cancellationToken);
            _isHeld = true;
        }
    }

    /// <summary>Lets the stream go on, where all messages that came are handled.</summary>
    public void Release()
    {
        if (_isHeld)
        {
            _isHeld = false;
            _stream.Release();
        }
    }

    /// <summary>Waits while the stream is held.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        await _stream.WaitAsync(cancellationToken);
        _stream.Release();
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Options.Set(Key, this);
        return base.SendAsync(request, cancellationToken);
    }
}
