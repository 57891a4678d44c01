using System.Security.Cryptography;

namespace McpIdentityHeaders.Internal;

/// <summary>The digest of a request's content (RFC 9530, section 2): of the bytes that are sent afterwards.</summary>
internal static class ContentDigest
{
    /// <summary>Whether the content can be read before it is sent, and sent as it was read.</summary>
    internal static bool CanCompute(HttpContent? content) => RepeatableContent.IsRepeatable(content);

    internal static async Task<string> ComputeAsync(HttpContent? content, bool async, CancellationToken cancellationToken)
    {
        using var hash = SHA256.Create();
        using var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write);
        if (content is not null && async)
        {
            await BufferAsync(content, cancellationToken).ConfigureAwait(false);
            await content.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }
        else if (content is not null)
        {
            BufferAsync(content, cancellationToken).GetAwaiter().GetResult();
            content.CopyTo(stream, context: null, cancellationToken);
        }

        stream.FlushFinalBlock();
        return Format(hash.Hash);
    }

    internal static string Format(ReadOnlySpan<byte> hash) => $"sha-256=:{Convert.ToBase64String(hash)}:";

    /// <summary>Buffers content that is made as it is written, so that the same bytes go out.</summary>
    private static Task BufferAsync(HttpContent content, CancellationToken cancellationToken) =>
        content is ByteArrayContent or ReadOnlyMemoryContent or StreamContent
            ? Task.CompletedTask
            : content.LoadIntoBufferAsync(cancellationToken);
}
