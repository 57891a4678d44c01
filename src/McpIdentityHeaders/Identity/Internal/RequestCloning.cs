using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>Copies requests: the content is the same object, everything else is copied.</summary>
internal static class RequestCloning
{
    internal static void Copy(HttpRequestMessage source, HttpRequestMessage clone)
    {
        CopyHeaders(source, clone);
        CopyRest(source, clone);
    }

    /// <summary>Copies all but the headers under a name.</summary>
    internal static void CopyRest(HttpRequestMessage source, HttpRequestMessage clone)
    {
        clone.Version = source.Version;
        clone.VersionPolicy = source.VersionPolicy;
        clone.Content = source.Content;

        // The pseudo-header of an extended CONNECT (RFC 8441, section 4): it is no header under a name.
        if (source.Headers.Protocol is { } protocol)
        {
            clone.Headers.Protocol = protocol;
        }

        // The count first: the options of a clone are made when they are first looked at.
        ICollection<KeyValuePair<string, object?>> options = source.Options;
        if (options.Count > 0)
        {
            ICollection<KeyValuePair<string, object?>> copies = clone.Options;
            foreach (KeyValuePair<string, object?> option in options)
            {
                copies.Add(option);
            }
        }
    }

    private static void CopyHeaders(HttpRequestMessage source, HttpRequestMessage clone)
    {
        // NonValidated keeps each value as it is, and their order: nothing is parsed or corrected.
        foreach ((string name, HeaderStringValues values) in source.Headers.NonValidated)
        {
            foreach (string value in values)
            {
                clone.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }
}
