using System.Text.Json.Nodes;
using System.Threading.Channels;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>
/// One request to a backend, and all that the backend sends until it responds. The SDK's transport is used without its client: that one
/// handles messages at the same time, for all calls of a session, so the last progress would be lost and no message would have a call.
/// </summary>
internal sealed class BackendExchange : IAsyncDisposable
{
    private static readonly TimeSpan CancellationTimeout = TimeSpan.FromSeconds(5);

    private readonly ITransport _transport;
    private readonly MessagePace _pace;
    private readonly JsonRpcRequest _request;
    private readonly bool _hasSession;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _sending;
    private bool _isAnswered;

    private BackendExchange(ITransport transport, MessagePace pace, JsonRpcRequest request, bool hasSession)
    {
        _transport = transport;
        _pace = pace;
        _request = request;
        _hasSession = hasSession;
        _sending = transport.SendMessageAsync(request, _ending.Token);
    }

    public RequestId Id => _request.Id;

    /// <summary>Sends a request. On a backend's session it is one of the session's.</summary>
    public static async Task<BackendExchange> StartAsync(
        HttpClientTransportOptions backend, HttpMessageHandler http, McpClient session, JsonRpcRequest request, ILoggerFactory logging)
    {
        var headers = new Dictionary<string, string>(backend.AdditionalHeaders ?? new Dictionary<string, string>());
        if (!session.HasNoHandshake())
        {
            headers["MCP-Protocol-Version"] = session.NegotiatedProtocolVersion!;
        }

        var pace = new MessagePace(http);
        var transport = new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Endpoint = backend.Endpoint,
                AdditionalHeaders = headers,
                TransportMode = HttpTransportMode.StreamableHttp,
                KnownSessionId = session.SessionId,
                OwnsSession = false,
                EnableStandaloneGetStream = false,
            },
            new HttpClient(pace, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan },
            logging);
        return new BackendExchange(await transport.ConnectAsync(), pace, request, session.SessionId is not null);
    }

    /// <summary>Waits for the backend's next message. The last one is the response, or the error.</summary>
    /// <exception cref="HttpRequestException">The backend is out of reach, or refuses the request.</exception>
    public async Task<JsonRpcMessage> ReadAsync(CancellationToken cancellationToken)
    {
        ChannelReader<JsonRpcMessage> messages = _transport.MessageReader;
        while (true)
        {
            // Looked at first: what was received before the end is still to be read.
            bool isSent = _sending.IsCompleted;
            if (messages.TryRead(out JsonRpcMessage? message))
            {
                await _pace.HoldAsync(cancellationToken);
                _isAnswered |= message is JsonRpcResponse or JsonRpcError && ((JsonRpcMessageWithId)message).Id == _request.Id;
                return message;
            }

            _pace.Release();
            if (isSent)
            {
                await _sending;
                throw new IOException("The backend ended its stream without a response.");
            }

            await Task.WhenAny(messages.WaitToReadAsync(cancellationToken).AsTask(), _sending);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Sends the answer to a question that the backend asked meanwhile.</summary>
    public Task AnswerAsync(JsonRpcMessage answer, CancellationToken cancellationToken) =>
        _transport.SendMessageAsync(answer, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // Hanging up cancels where there are no sessions. Where there are, a backend wants to be told; no caller waits for that.
        Task ending = !_isAnswered && !_sending.IsFaulted && _hasSession ? CancelAsync() : Task.CompletedTask;
        if (ending.IsCompleted)
        {
            await EndAsync();
        }
        else
        {
            _ = ending.ContinueWith(_ => EndAsync(), TaskScheduler.Default);
        }
    }

    private async Task EndAsync()
    {
        await _ending.CancelAsync();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _transport.DisposeAsync();
        _ending.Dispose();
    }

    private async Task CancelAsync()
    {
        using var timeout = new CancellationTokenSource(CancellationTimeout);
        var cancelled = new JsonRpcNotification
        {
            Method = NotificationMethods.CancelledNotification,
            Params = new JsonObject { ["requestId"] = _request.Id.ToString() },
        };
        await _transport.SendMessageAsync(cancelled, timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
