using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.Internal;

/// <summary>The keys of one client: which signs now, and which are published.</summary>
internal sealed class AssertionKeyRing
{
    private readonly IReadOnlyList<KeySource> _sources;
    private readonly TimeProvider _time;
    private readonly Action<string> _onError;

    internal AssertionKeyRing(string clientName, IReadOnlyList<KeySource> sources, TimeProvider time, ILogger logger)
    {
        _sources = sources;
        _time = time;
        _onError = error => logger.KeyChangeRefused(clientName, error);
    }

    internal bool HasDevelopmentKey => _sources.Any(source => source.IsForDevelopment);

    /// <summary>Gets the key that signs.</summary>
    /// <exception cref="InvalidOperationException">It cannot sign now. The message says why.</exception>
    internal AssertionKey GetSigningKey()
    {
        KeySource first = _sources[0];
        AssertionKey key = first.Read(_time, _onError);
        if (key.Credentials is null)
        {
            throw new InvalidOperationException(DescribeMissingPrivateKey(first));
        }

        if (key.HasValidity && _time.GetUtcNow() is var now && (now < key.NotBefore || now >= key.NotAfter))
        {
            throw new InvalidOperationException(
                $"{first.Description}, the first of Keys, is valid from {key.NotBefore:u} to {key.NotAfter:u} only. Put a valid one in "
                + "front");
        }

        return key;
    }

    /// <summary>Gets all keys for verifiers: those that sign, will sign, or have signed.</summary>
    internal IEnumerable<PublicJsonWebKey> GetPublicKeys() => _sources.SelectMany(source => source.ReadPublic(_time, _onError));

    /// <summary>Gets why changed keys were not taken, so that earlier ones are in force.</summary>
    internal IEnumerable<string> GetReadErrors() => _sources.Select(source => source.ReadError).OfType<string>();

    internal IEnumerable<string> GetValidationErrors()
    {
        foreach (KeySource source in _sources)
        {
            string? error = null;
            try
            {
                AssertionKey key = source.Read(_time, _onError);
                error = source == _sources[0] && key.Credentials is null ? DescribeMissingPrivateKey(source) : null;
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

    private static string DescribeMissingPrivateKey(KeySource source) =>
        $"{source.Description}, the first of Keys, has no private key. Put one in front that has";
}
