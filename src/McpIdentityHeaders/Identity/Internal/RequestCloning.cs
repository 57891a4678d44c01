using System.Net.Http.Headers;

namespace McpIdentityHeaders.Internal;

/// <summary>Copies requests: the content is the same object, everything else is copied.</summary>
internal static class RequestCloning
{
    /// <param name="source">The request.</param>
    /// <param name="clone">Its clone.</param>
    /// <param name="saysWhose">Whether our own option, which says whose the request is, is copied with the others.</param>
    internal static void CopyAllButHeaders(HttpRequestMessage source, HttpRequestMessage clone, bool saysWhose)
    {
        clone.Version = source.Version;
        clone.VersionPolicy = source.VersionPolicy;
        clone.Content = source.Content;
        CopyOptions(source, clone, saysWhose);
    }

    internal static void CopyHeaders(HttpRequestMessage source, HttpRequestMessage clone)
    {
        foreach ((string name, HeaderStringValues values) in source.Headers.NonValidated)
        {
            CopyHeader(name, values, clone);
        }
    }

    /// <summary>Copies one header's values in their order, as they are: read through NonValidated, nothing is parsed or put right.</summary>
    internal static void CopyHeader(string name, HeaderStringValues values, HttpRequestMessage clone)
    {
        foreach (string value in values)
        {
            clone.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private static void CopyOptions(HttpRequestMessage source, HttpRequestMessage clone, bool saysWhose)
    {
        ICollection<KeyValuePair<string, object?>> options = source.Options;
        if (options.Count == 0)
        {
            return;
        }

        // Every request of an MCP session has our own entry and mostly no other: neither an enumerator nor, where nobody is left to read it,
        // options for the clone have to be made for that.
        if (options.Count == 1 && RequestIdentity.Of(source) is { } said)
        {
            if (saysWhose)
            {
                RequestIdentity.Say(clone, said);
            }

            return;
        }

        ICollection<KeyValuePair<string, object?>> copies = clone.Options;
        foreach (KeyValuePair<string, object?> option in options)
        {
            if (saysWhose || option.Value is not RequestIdentity)
            {
                copies.Add(option);
            }
        }
    }
}
