namespace McpIdentityHeaders.Internal;

/// <summary>
/// A key in a PEM file, looked at again every few seconds. File system events are not raised for the mounted secrets of a container, which
/// are links that change their target.
/// </summary>
internal sealed class PemFileKeySource(string path, string? algorithm) : KeySource($"the key file '{path}'")
{
    private const int MaxRetired = 8;

    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    // The longest lifetime of what it signed, and the skew that verifiers allow.
    private static readonly TimeSpan RetiredLifetime = TimeSpan.FromMinutes(15);

    private readonly Lock _gate = new();
    private volatile AssertionKey? _key;
    private volatile RetiredKey[] _retired = [];
    private volatile string? _readError;
    private string? _text;
    private long _checked;

    /// <summary>Gets what tells this source from another.</summary>
    internal (string Path, string? Algorithm) Identity => (path, algorithm);

    internal override string? ReadError => _readError;

    internal override AssertionKey Read(TimeProvider time, Action<string>? onError = null)
    {
        if (_key is { } current)
        {
            // One thread looks at the file. The others go on with the key in force.
            if (time.GetElapsedTime(Volatile.Read(ref _checked)) < CheckInterval || !_gate.TryEnter())
            {
                return current;
            }
        }
        else
        {
            _gate.Enter();
        }

        string? error;
        AssertionKey key;
        try
        {
            (key, error) = ReadLocked(time);
        }
        finally
        {
            _gate.Exit();
        }

        if (error is not null)
        {
            onError?.Invoke(error);
        }

        return key;
    }

    internal override IEnumerable<PublicJsonWebKey> ReadPublic(TimeProvider time, Action<string>? onError = null)
    {
        PublicJsonWebKey current = Read(time, onError).PublicKey;
        DateTimeOffset now = time.GetUtcNow();
        return [current, .. _retired.Where(key => now < key.Until).Select(key => key.PublicKey)];
    }

    private (AssertionKey Key, string? Error) ReadLocked(TimeProvider time)
    {
        if (_key is not { } current)
        {
            _key = current = ReadFile(out _text);
            Volatile.Write(ref _checked, time.GetTimestamp());
            return (current, null);
        }

        if (time.GetElapsedTime(_checked) < CheckInterval)
        {
            return (current, null);
        }

        Volatile.Write(ref _checked, time.GetTimestamp());
        string? before = _text;
        try
        {
            AssertionKey key = ReadFile(out _text);
            _readError = null;
            if (_text == before)
            {
                return (current, null);
            }

            if (key.PublicKey.KeyId != current.PublicKey.KeyId)
            {
                Retire(current, time.GetUtcNow());
            }

            _key = key;
            return (key, null);
        }
        catch (InvalidOperationException error)
        {
            // Reported once for each change: the last key stays in force meanwhile.
            _readError = error.Message;
            return (current, _text != before ? error.Message : null);
        }
    }

    /// <summary>Publishes a replaced key for a while: what it signed is under way, and files are not exchanged at one moment.</summary>
    private void Retire(AssertionKey key, DateTimeOffset now) =>
        _retired =
        [
            .. _retired.Where(retired => now < retired.Until).TakeLast(MaxRetired - 1),
            new RetiredKey(key.PublicKey, now + RetiredLifetime),
        ];

    /// <param name="text">The file's text; null where it cannot be read.</param>
    /// <exception cref="InvalidOperationException">The file has no usable key.</exception>
    private AssertionKey ReadFile(out string? text)
    {
        text = null;
        try
        {
            text = File.ReadAllText(path);
            return AssertionKey.OfPem(text, algorithm);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"{Description} cannot be read: {exception.GetType().Name}. Check that it exists and may be read");
        }
        catch (Exception exception) when (exception is not InvalidOperationException)
        {
            // The exception's own message could quote the file.
            throw new InvalidOperationException(
                $"{Description} has no usable key. Give it one unencrypted PEM key: an elliptic curve key of P-256, or RSA of at least "
                + "2048 bits");
        }
    }

    private sealed record RetiredKey(PublicJsonWebKey PublicKey, DateTimeOffset Until);
}
