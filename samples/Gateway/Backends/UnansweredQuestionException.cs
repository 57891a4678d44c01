namespace Gateway.Backends;

/// <summary>A backend asks what the caller's client cannot answer.</summary>
internal sealed class UnansweredQuestionException(string method) : Exception($"The client does not support '{method}'.")
{
    public string Method => method;
}
