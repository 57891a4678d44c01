using System.ComponentModel;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>A header by which a backend recognizes the program that speaks for users: only these two know its value.</summary>
/// <remarks>
/// Whoever reads the value can speak for every user. Keep it out of source control, send it over https, and give each backend its own.
/// </remarks>
[TypeConverter(typeof(SharedSecretConverter))]
public sealed class SharedSecret
{
    internal const int MinValueLength = 16;

    /// <summary>Creates a shared secret with a name and value that are set by properties, as the configuration binder does.</summary>
    /// <remarks>
    /// The options' validation refuses one without a name or a value. A binder would drop one with a constructor that refuses.
    /// </remarks>
    public SharedSecret()
    {
    }

    /// <summary>Creates a shared secret.</summary>
    /// <param name="headerName">The header's name, an RFC 9110 token such as <c>X-Gateway-Secret</c>.</param>
    /// <param name="value">
    /// The header's value: at least 16 characters of printable ASCII without outer spaces, sent unencoded. 32 random bytes in hexadecimal
    /// digits are a good choice.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="headerName"/> or <paramref name="value"/> is empty. The options' validation refuses other unusable ones.
    /// </exception>
    public SharedSecret(string headerName, string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(headerName);
        ArgumentException.ThrowIfNullOrWhiteSpace(value);

        HeaderName = headerName;
        Value = value;
    }

    /// <summary>Gets the header's name.</summary>
    public string HeaderName { get; init; } = string.Empty;

    /// <summary>Gets the header's value.</summary>
    public string Value { get; init; } = string.Empty;

    /// <summary>Returns the header's name, never the value.</summary>
    /// <returns>The header's name.</returns>
    public override string ToString() => HeaderName;

    /// <summary>Gets why the secret cannot be used beside these headers. No error quotes the value.</summary>
    internal IEnumerable<string> GetValidationErrors(ClaimHeaderCollection headers)
    {
        if (string.IsNullOrWhiteSpace(HeaderName))
        {
            yield return "a shared secret has no header name. Give it a HeaderName, such as 'X-Gateway-Secret', and a Value.";
        }
        else if (ConfigurableHeaderName.GetValidationError(HeaderName) is { } error)
        {
            yield return $"the shared secret's header '{HeaderName}' cannot be configured: {error}. Choose another name, such as "
                + "'X-Gateway-Secret'.";
        }

        if (headers.Any(header => HeaderAlias.Equals(header.HeaderName, HeaderName)))
        {
            yield return $"the shared secret's header '{HeaderName}' is one of Headers, or an alias of one. Choose another name, such as "
                + "'X-Gateway-Secret'.";
        }

        if (Value is null || Value.Length < MinValueLength || !IsSentUnencoded())
        {
            yield return $"the value of the shared secret '{HeaderName}' is not at least {MinValueLength} characters of printable ASCII "
                + "without outer spaces. Make one of 32 random bytes in hexadecimal digits.";
        }
    }

    private bool IsSentUnencoded()
    {
        try
        {
            return HeaderValueEncoder.EncodeSingle(Value, HeaderValueEncoding.Mcp) == Value;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
