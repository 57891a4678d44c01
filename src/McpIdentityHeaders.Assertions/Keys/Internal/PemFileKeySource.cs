namespace McpIdentityHeaders.Internal;

/// <summary>
/// A key in a PEM file, looked at again every few seconds. File system events are not raised for the mounted secrets of a container, which
/// are links that change their target.
/// </summary>
internal sealed class PemFileKeySource(string path, string? algorithm) : KeySource($"the key file '{path}'")
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private volatile AssertionKey? _key;
    private string? _text;
    private long _checked;

    internal override AssertionKey Read(TimeProvider time, Action<string>? onError = null)
    {
        if (_key is { } current && time.GetElapsedTime(Volatile.Read(ref _checked)) < CheckInterval)
        {
            return current;
        }

        lock (_gate)
        {
            if (_key is null)
            {
                _key = ReadFile(out _text);
            }
            else if (time.GetElapsedTime(_checked) >= CheckInterval)
            {
                ReadAgain(onError);
            }

            Volatile.Write(ref _checked, time.GetTimestamp());
            return _key;
        }
    }

    private void ReadAgain(Action<string>? onError)
    {
        string? before = _text;
        try
        {
            AssertionKey key = ReadFile(out _text);
            if (_text != before)
            {
                _key = key;
            }
        }
        catch (InvalidOperationException error) when (_text != before || _text is null)
        {
            // Reported once for each change: the last key stays in force meanwhile.
            onError?.Invoke(error.Message);
        }
        catch (InvalidOperationException)
        {
            // The same unusable text as before.
        }
    }

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
            throw new InvalidOperationException($"{Description} cannot be read: {exception.GetType().Name}. Check that it exists and may be read");
        }
        catch (Exception exception) when (exception is not InvalidOperationException)
        {
            // The exception's own message could quote the file.
            throw new InvalidOperationException(
                $"{Description} has no usable key. Give it one unencrypted PEM key: an elliptic curve key of P-256, or RSA of at least 2048 bits");
        }
    }
}
