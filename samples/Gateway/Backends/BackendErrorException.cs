using ModelContextProtocol.Protocol;

namespace Gateway.Backends;

/// <summary>An error that a backend answered with, in the protocol: code, message and data are the client's as they are.</summary>
internal sealed class BackendErrorException(JsonRpcErrorDetail error) : Exception(error.Message)
{
    public JsonRpcErrorDetail Error => error;
}
