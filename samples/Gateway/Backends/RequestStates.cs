using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Gateway.Features;
using McpIdentityHeaders;
using Microsoft.AspNetCore.DataProtection;
using ModelContextProtocol;

namespace Gateway.Backends;

/// <summary>
/// The states that a client brings back with its answers. A backend's own state goes out sealed, for this user and this backend. A call
/// that waits on a backend's session stays here, and its name goes out.
/// </summary>
internal sealed class RequestStates(IDataProtectionProvider protection, IIdentityAccessor accessor, GatewayLimits limits)
{
    private const string State = "requestState";

    private readonly ConcurrentDictionary<string, Waiting> _suspended = new();
    private readonly Lock _adding = new();

    /// <summary>Seals the state in a result.</summary>
    public void Seal(string prefix, JsonObject result)
    {
        if (result[State] is { } state)
        {
            result[State] = Protector(prefix).Protect(state.ToString());
        }
    }

    /// <summary>Keeps a call until its client brings the answer, or for as long as a question may wait.</summary>
    public void Suspend(string prefix, BackendCall call, JsonObject result)
    {
        string user = UserKey.Of(accessor.User);
        string name = RandomNumberGenerator.GetHexString(32);
        var expiry = new Timer(_ => _ = EndAsync(name));
        if (!TryAdd(name, new Waiting(call, expiry, user)))
        {
            expiry.Dispose();
            _ = call.DisposeAsync().AsTask();
            throw new McpProtocolException(
                $"{limits.QuestionsPerUser} of your requests wait for an answer, which is the most. Answer them first.",
                McpErrorCode.InvalidRequest);
        }

        expiry.Change(limits.QuestionTimeout, Timeout.InfiniteTimeSpan);
        result[State] = Protector(prefix).Protect(name);
    }

    /// <summary>Opens the state in a request, for the backend or for the call that waits.</summary>
    /// <returns>The call that waits, or null if the state is the backend's.</returns>
    /// <exception cref="McpProtocolException">The state is another user's, another backend's, or no state at all.</exception>
    public BackendCall? Open(string prefix, CallerRequest caller)
    {
        if (caller.Params[State] is not { } sealedState)
        {
            return null;
        }

        string state;
        try
        {
            state = Protector(prefix).Unprotect(sealedState.ToString());
        }
        catch (CryptographicException)
        {
            throw new McpProtocolException(
                "The parameter 'requestState' is not one that this user got for this request. Send the request again without it.",
                McpErrorCode.InvalidParams);
        }

        if (_suspended.TryRemove(state, out Waiting? found))
        {
            found.Expiry.Dispose();
            return found.Call;
        }

        caller.Params[State] = state;
        return null;
    }

    private bool TryAdd(string name, Waiting waiting)
    {
        // Requests that come at the same time must not all find room for one.
        lock (_adding)
        {
            return _suspended.Values.Count(other => other.User == waiting.User) < limits.QuestionsPerUser
                && _suspended.TryAdd(name, waiting);
        }
    }

    private async Task EndAsync(string name)
    {
        if (_suspended.TryRemove(name, out Waiting? found))
        {
            await found.Expiry.DisposeAsync();
            await found.Call.DisposeAsync();
        }
    }

    private IDataProtector Protector(string prefix) =>
        protection.CreateProtector("Gateway.RequestState", prefix, UserKey.Of(accessor.User));

    private sealed record Waiting(BackendCall Call, Timer Expiry, string User);
}
