namespace Gateway.Backends;

/// <summary>A backend's message is larger than the gateway reads.</summary>
internal sealed class ResponseTooLargeException(int limit)
    : Exception($"A message of the backend has more than {limit} bytes. If that is meant, raise Limits:ResponseBytes.")
{
    public int Limit => limit;
}
