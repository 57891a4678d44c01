namespace McpIdentityHeaders.Internal;

/// <summary>
/// Header names that servers read as one: CGI, WSGI and the like turn both <c>X-User-Sub</c> and <c>X_User_Sub</c> into
/// <c>HTTP_X_USER_SUB</c>, some a dot too, so a forged alias could replace the real header.
/// </summary>
internal static class HeaderAlias
{
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

    internal static bool StartsWith(ReadOnlySpan<char> name, ReadOnlySpan<char> prefix) =>
        name.Length >= prefix.Length && Equals(name[..prefix.Length], prefix);

    private static char Fold(char c) => c is '_' or '.' ? '-' : char.ToLowerInvariant(c);
}
