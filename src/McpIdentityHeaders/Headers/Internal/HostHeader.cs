using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>The Host header of a request: a reverse proxy routes by it, whatever address the connection goes to.</summary>
internal static class HostHeader
{
    /// <summary>Whether the request has a Host header of another host than its URI's.</summary>
    /// <param name="request">The request.</param>
    /// <param name="uri">Its absolute URI.</param>
    /// <param name="host">The URI that the header names; null where it names none that can be told.</param>
    internal static bool TryGetOtherHost(HttpRequestMessage request, Uri uri, out Uri? host)
    {
        host = null;

        // NonValidated: what does not parse as a host is sent all the same.
        if (!request.Headers.NonValidated.TryGetValues("Host", out HeaderStringValues values))
        {
            return false;
        }

        if (!Uri.TryCreate($"{uri.Scheme}://{values}/", UriKind.Absolute, out Uri? named)
            || named.UserInfo.Length > 0
            || named.PathAndQuery != "/"
            || named.Fragment.Length > 0)
        {
            return true;
        }

        host = named;
        return named.IdnHost != uri.IdnHost || (named.Port != uri.Port && NamesPort(values.ToString()));
    }

    // A host without a port is the URI's own. One with the scheme's default port, spelt out, is another origin.
    private static bool NamesPort(string host) => host.LastIndexOf(':') > host.LastIndexOf(']');
}
