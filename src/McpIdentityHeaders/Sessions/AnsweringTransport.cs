using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>Has the SDK answer each of the server's questions in the flow of the principal of the call that asked.</summary>
/// <param name="inner">The SDK's transport.</param>
/// <param name="questions">Finds the principal.</param>
/// <param name="skipsDiscovery">
/// Whether to refuse discovery, so that the SDK initializes at once: it recognizes its own legacy SSE transport, but not behind this one.
/// </param>
internal sealed class AnsweringTransport(IClientTransport inner, ServerQuestions questions, bool skipsDiscovery) : IClientTransport
{
    public string Name => inner.Name;

    public async Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default) =>
        new Connection(await inner.ConnectAsync(cancellationToken).ConfigureAwait(false), questions, skipsDiscovery);

    private sealed class Connection(ITransport inner, ServerQuestions questions, bool skipsDiscovery) : ITransport
    {
        public string? SessionId => inner.SessionId;

        public ChannelReader<JsonRpcMessage> MessageReader { get; } = new Reader(inner.MessageReader, questions);

        public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
        {
            if (message is JsonRpcNotification { Method: NotificationMethods.CancelledNotification } cancelled)
            {
                OnCancelled(cancelled.Params);
            }

            if (skipsDiscovery && message is JsonRpcRequest { Method: RequestMethods.ServerDiscover })
            {
                throw new McpProtocolException("Legacy SSE has no discovery.", McpErrorCode.MethodNotFound);
            }

            if (message is not JsonRpcRequest { Id: var call })
            {
                await inner.SendMessageAsync(message, cancellationToken).ConfigureAwait(false);
                return;
            }

            questions.OnCallSent(call);
            try
            {
                await inner.SendMessageAsync(message, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                questions.OnCallEnded(call);
                throw;
            }
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private void OnCancelled(JsonNode? parameters)
        {
            if (parameters?["requestId"] is JsonValue id)
            {
                questions.OnCallEnded(id.TryGetValue(out long number) ? new RequestId(number) : new RequestId(id.ToString()));
            }
        }
    }

    private sealed class Reader(ChannelReader<JsonRpcMessage> inner, ServerQuestions questions) : ChannelReader<JsonRpcMessage>
    {
        public override Task Completion => inner.Completion;

        public override bool TryRead([MaybeNullWhen(false)] out JsonRpcMessage item)
        {
            if (!inner.TryRead(out item))
            {
                return false;
            }

            if (item is JsonRpcRequest question)
            {
                question.Context ??= new JsonRpcMessageContext();
                question.Context.ExecutionContext = questions.GetFlow(question);
            }
            else if (item is JsonRpcMessageWithId response)
            {
                questions.OnCallEnded(response.Id);
            }

            return true;
        }

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) =>
            inner.WaitToReadAsync(cancellationToken);
    }
}
