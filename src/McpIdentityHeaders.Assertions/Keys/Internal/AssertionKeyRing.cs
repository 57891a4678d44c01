using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Internal;

/// <summary>The keys of one client: which signs now, and which are published.</summary>
internal sealed class AssertionKeyRing(string clientName, IReadOnlyList<KeySource> sources, TimeProvider time, ILogger logger)
{
    /// <summary>Gets the key that signs.</summary>
    /// <exception cref="InvalidOperationException">It cannot sign now. The message says why.</exception>
    internal AssertionKey GetSigningKey()
    {
        KeySource first = sources[0];
        AssertionKey key = Read(first);
        if (key.Credentials is null)
        {
            throw new InvalidOperationException($"{first.Description}, the first of Keys, has no private key. Put one in front that has");
        }

        DateTimeOffset now = time.GetUtcNow();
        if (now < key.NotBefore || now >= key.NotAfter)
        {
            throw new InvalidOperationException(
                $"{first.Description}, the first of Keys, is valid from {key.NotBefore:u} to {key.NotAfter:u} only. Put a valid one in front");
        }

        return key;
    }

    /// <summary>Gets all keys for verifiers: those that sign, will sign, or have signed.</summary>
    internal IEnumerable<PublicJsonWebKey> GetPublicKeys() => sources.Select(source => Read(source).PublicKey);

    /// <summary>Gets what is wrong with the keys.</summary>
    internal IEnumerable<string> GetValidationErrors()
    {
        foreach (KeySource source in sources)
        {
            string? error = null;
            try
            {
                Read(source);
            }
            catch (InvalidOperationException exception)
            {
                error = exception.Message;
            }

            if (error is not null)
            {
                yield return $"{error}.";
            }
        }
    }

    private AssertionKey Read(KeySource source) => source.Read(time, error => logger.KeyChangeRefused(clientName, error));
}
