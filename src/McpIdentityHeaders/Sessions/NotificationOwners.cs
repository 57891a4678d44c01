using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Which lease's call each notification on a shared client came back to. The SDK hands a notification to all handlers of its method, and
/// a notification does not say which user it is for.
/// </summary>
/// <remarks>Notifications are matched by their content: two with the same content are interchangeable.</remarks>
internal sealed class NotificationOwners
{
    // Read at once, so that few are waiting. The bound is for what the SDK never hands out.
    private const int MaxWaiting = 1_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _methods = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Content, LeaseIdentity Owner)> _waiting = [];
    private readonly ConditionalWeakTable<JsonRpcNotification, LeaseIdentity> _owners = [];
    private int _handlers;

    internal bool HasHandlers => Volatile.Read(ref _handlers) > 0;

    internal void OnHandlerAdded(string method)
    {
        lock (_gate)
        {
            _methods[method] = _methods.GetValueOrDefault(method) + 1;
            _handlers++;
        }
    }

    internal void OnHandlerRemoved(string method)
    {
        lock (_gate)
        {
            _handlers--;
            if (--_methods[method] == 0)
            {
                _methods.Remove(method);
            }
        }
    }

    /// <summary>Notes the notifications in the response to a lease's call, before the SDK can read them.</summary>
    internal Task ObserveAsync(HttpResponseMessage response, LeaseIdentity owner, CancellationToken cancellationToken) =>
        EventObservingStream.ObserveAsync(response, data => OnEvent(data, owner), cancellationToken);

    /// <summary>Whether a notification belongs to a call of the lease's user. One that no call is known for belongs to none.</summary>
    internal bool IsOf(JsonRpcNotification notification, LeaseIdentity lease) => FindOwner(notification)?.IsOfSameUser(lease) == true;

    private void OnEvent(ReadOnlySpan<byte> data, LeaseIdentity owner)
    {
        if (Read(data) is not { } notification)
        {
            return;
        }

        lock (_gate)
        {
            if (!_methods.ContainsKey(notification.Method))
            {
                return;
            }

            if (_waiting.Count == MaxWaiting)
            {
                _waiting.RemoveFirst();
            }

            _waiting.AddLast((Hash(notification.Method, notification.Parameters), owner));
        }
    }

    private LeaseIdentity? FindOwner(JsonRpcNotification notification)
    {
        lock (_gate)
        {
            // Several handlers get the same object.
            if (_owners.TryGetValue(notification, out LeaseIdentity? owner))
            {
                return owner;
            }

            string content = Hash(notification.Method, notification.Params);
            for (LinkedListNode<(string Content, LeaseIdentity Owner)>? node = _waiting.First; node is not null; node = node.Next)
            {
                if (node.Value.Content == content)
                {
                    _waiting.Remove(node);
                    _owners.Add(notification, node.Value.Owner);
                    return node.Value.Owner;
                }
            }

            return null;
        }
    }

    private static (string Method, JsonNode? Parameters)? Read(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            return JsonNode.Parse(ref reader) is JsonObject message
                && !message.ContainsKey("id")
                && message["method"] is JsonValue method
                && method.TryGetValue(out string? name)
                    ? (name, message["params"])
                    : null;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            // The SDK leaves out what does not parse, or has a name twice.
            return null;
        }
    }

    // A hash of content of any length: what waits takes little memory.
    private static string Hash(string method, JsonNode? parameters) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{method}\n{parameters?.ToJsonString()}")));
}
