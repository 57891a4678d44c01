using System.Text.Json;

namespace Gateway;

/// <summary>
/// JSON that can be sent on: text may escape half a character (a lone surrogate), which is read, and cannot be written again.
/// </summary>
internal static class WritableJson
{
    /// <summary>Writes it to nowhere: a stream to a client or a backend would break in the middle of it.</summary>
    /// <exception cref="InvalidDataException">It cannot be written.</exception>
    public static void Ensure(object? json)
    {
        try
        {
            JsonSerializer.Serialize(Stream.Null, json);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException("The JSON has text that is none.", exception);
        }
    }
}
