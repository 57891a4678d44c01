using System.Security.Cryptography;

namespace McpIdentityHeaders.Internal;

/// <summary>The digest of a request's content (RFC 9530, section 2): of the bytes that are sent afterwards.</summary>
internal static class ContentDigest
{
    private const string Prefix = "sha-256=:";

    /// <summary>Whether the content can be read before it is sent, and sent as it was read.</summary>
    internal static bool CanCompute(HttpContent? content) => RepeatableContent.IsRepeatable(content);

    internal static string Compute(HttpContent? content, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (content is not null)
        {
            using var stream = new HashingStream(hash);
            content.CopyTo(stream, context: null, cancellationToken);
        }

        return Format(hash);
    }

    internal static async Task<string> ComputeAsync(HttpContent? content, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (content is not null)
        {
            var stream = new HashingStream(hash);
            await using (stream.ConfigureAwait(false))
            {
                // Content that is made as it is written is kept, so that the same bytes go out. What is held in memory or can seek is streamed.
                if (content is not (ByteArrayContent or ReadOnlyMemoryContent or StreamContent))
                {
                    await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
                }

                await content.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
            }
        }

        return Format(hash);
    }

    private static string Format(IncrementalHash hash) => $"{Prefix}{Convert.ToBase64String(hash.GetHashAndReset())}:";
}
