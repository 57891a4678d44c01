using System.Buffers;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Header names that servers read as one: CGI, WSGI and the like turn both <c>X-User-Sub</c> and <c>X_User_Sub</c> into
/// <c>HTTP_X_USER_SUB</c>, some a dot too, so a forged alias could replace the real header.
/// </summary>
internal static class HeaderAlias
{
    private static readonly SearchValues<char> SignificantCharacters =
        SearchValues.Create("-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    internal static bool Equals(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (Fold(left[i]) != Fold(right[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Whether a lenient reader could take one for the other: characters other than letters, digits and separators do not count. Servers
    /// let controls through in a name, and outer spaces over HTTP/2.
    /// </summary>
    internal static bool EqualsLeniently(string left, string right) =>
        Equals(left, right)
        || ((!IsSignificant(left) || !IsSignificant(right)) && Equals(GetSignificant(left), GetSignificant(right)));

    internal static bool StartsWith(ReadOnlySpan<char> name, ReadOnlySpan<char> prefix) =>
        name.Length >= prefix.Length && Equals(name[..prefix.Length], prefix);

    /// <summary>Whether all characters count: then only <see cref="Equals"/> finds another name that is the same.</summary>
    internal static bool IsSignificant(ReadOnlySpan<char> name) => !name.ContainsAnyExcept(SignificantCharacters);

    private static string GetSignificant(string name) => string.Concat(name.Where(SignificantCharacters.Contains));

    private static char Fold(char c) => c is '_' or '.' ? '-' : char.ToLowerInvariant(c);
}
