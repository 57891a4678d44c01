using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>The parts of a request's URI that a binding names, as they stand on the wire: neither end normalises anything.</summary>
/// <param name="Uri">The URI without query and fragment (RFC 9449, section 4.2).</param>
/// <param name="QueryDigest">The query's digest, in the form of the content's; null where there is no query.</param>
internal sealed record RequestTarget(string Uri, string? QueryDigest)
{
    /// <param name="origin">The origin, as <see cref="GetOrigin"/> gives it.</param>
    /// <param name="pathAndQuery">Path and query, as in the request line.</param>
    internal static RequestTarget Create(string origin, string pathAndQuery)
    {
        int query = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        return query < 0
            ? new RequestTarget(origin + pathAndQuery, QueryDigest: null)
            : new RequestTarget($"{origin}{pathAndQuery.AsSpan(0, query)}", Digest(pathAndQuery[(query + 1)..]));
    }

    /// <summary>Gets the origin as text, without a default port (RFC 6454, section 6.2).</summary>
    [SuppressMessage("Globalization", "CA1308:Normalize strings to uppercase", Justification = "A host's canonical form is in lower case.")]
    internal static string GetOrigin(Uri uri)
    {
        string host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost.ToLowerInvariant();
        return uri.IsDefaultPort ? $"{uri.Scheme}://{host}" : $"{uri.Scheme}://{host}:{uri.Port}";
    }

    private static string Digest(string query) => ContentDigest.Format(SHA256.HashData(Encoding.UTF8.GetBytes(query)));
}
