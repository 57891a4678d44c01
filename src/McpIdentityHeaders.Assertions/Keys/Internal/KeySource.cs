namespace McpIdentityHeaders.Internal;

/// <summary>Where one key comes from.</summary>
/// <param name="description">Names it in a message.</param>
internal abstract class KeySource(string description)
{
    internal string Description => description;

    internal virtual bool IsForDevelopment => false;

    /// <summary>Gets why the key was not taken as it is now, so that an earlier one is in force; null where it was.</summary>
    internal virtual string? ReadError => null;

    /// <summary>Gets the key in force.</summary>
    /// <param name="time">The clock that says when a file is looked at again.</param>
    /// <param name="onError">Gets why a changed key was not taken.</param>
    /// <exception cref="InvalidOperationException">There never was a usable key. The message says what is wrong with it.</exception>
    internal abstract AssertionKey Read(TimeProvider time, Action<string>? onError = null);

    /// <summary>Gets the key in force, and those before it that verifiers may still need.</summary>
    /// <inheritdoc cref="Read"/>
    internal virtual IEnumerable<PublicJsonWebKey> ReadPublic(TimeProvider time, Action<string>? onError = null) =>
        [Read(time, onError).PublicKey];
}
