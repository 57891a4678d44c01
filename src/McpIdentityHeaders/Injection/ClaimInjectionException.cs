namespace McpIdentityHeaders;

/// <summary>A request was refused before anything of it was sent, because its identity headers could not be set safely.</summary>
/// <remarks>
/// The message names the client, the header and what to do, and never a claim's value. It is no <see cref="HttpRequestException"/>, so
/// resilience handlers do not send the request again: it would fail again.
/// </remarks>
public sealed class ClaimInjectionException : InvalidOperationException
{
    /// <summary>Makes an exception without a message of its own.</summary>
    public ClaimInjectionException()
    {
    }

    /// <summary>Makes an exception with a message.</summary>
    /// <param name="message">What was refused, and what to do.</param>
    public ClaimInjectionException(string? message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a message and a reason.</summary>
    /// <param name="message">What was refused, and what to do.</param>
    /// <param name="reason">Why it was refused.</param>
    public ClaimInjectionException(string? message, ClaimInjectionErrorReason reason)
        : base(message) => Reason = reason;

    /// <summary>Makes an exception with a message and a cause.</summary>
    /// <param name="message">What was refused, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ClaimInjectionException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Gets why it was refused, for a program to act on.</summary>
    /// <value>The default value is <see cref="ClaimInjectionErrorReason.Unspecified"/>.</value>
    public ClaimInjectionErrorReason Reason { get; }
}
