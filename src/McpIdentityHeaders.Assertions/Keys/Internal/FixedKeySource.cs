using System.Security.Cryptography;

namespace McpIdentityHeaders.Internal;

/// <summary>A key that stays.</summary>
internal sealed class FixedKeySource(string description, Func<AssertionKey> create, bool isForDevelopment = false) : KeySource(description)
{
    private readonly Lazy<AssertionKey> _key = new(() => Create(description, create));

    internal override bool IsForDevelopment => isForDevelopment;

    internal override AssertionKey Read(TimeProvider time, Action<string>? onError = null) => _key.Value;

    private static AssertionKey Create(string description, Func<AssertionKey> create)
    {
        try
        {
            return create();
        }
        catch (Exception exception)
            when (exception is ObjectDisposedException or CryptographicException or ArgumentException or NotSupportedException)
        {
            // A key store's own message may hold anything.
            throw new InvalidOperationException(
                $"{description} cannot be used: its key threw a {exception.GetType().Name}. Check that it is not disposed, and may be used "
                + "here");
        }
    }
}
