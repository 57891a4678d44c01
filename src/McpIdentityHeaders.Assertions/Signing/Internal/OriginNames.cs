using System.Collections.Concurrent;

namespace McpIdentityHeaders.Internal;

/// <summary>Origins as text, without a default port (RFC 6454, section 6.2). Assertions go to named origins only, so there are few.</summary>
internal sealed class OriginNames
{
    private readonly ConcurrentDictionary<Origin, string> _names = new();

    internal string GetName(Uri uri) => _names.TryGetValue(new Origin(uri), out string? name)
        ? name
        : _names.GetOrAdd(new Origin(uri), _ => Format(uri));

    /// <summary>Gets the URI without query and fragment, and without user information.</summary>
    internal static string GetTarget(Uri uri) => Format(uri) + uri.GetComponents(UriComponents.Path | UriComponents.KeepDelimiter, UriFormat.UriEscaped);

    private static string Format(Uri uri)
    {
        string host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost;
        return uri.IsDefaultPort ? $"{uri.Scheme}://{host}" : $"{uri.Scheme}://{host}:{uri.Port}";
    }
}
