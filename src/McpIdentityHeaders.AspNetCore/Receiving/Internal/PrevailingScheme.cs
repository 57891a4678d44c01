using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>A scheme that decides alone who the user is, where a request has its header: plain headers beside that prove nothing.</summary>
/// <param name="name">The scheme's name.</param>
/// <param name="isHeader">Whether a name is its header's, or an alias.</param>
internal sealed class PrevailingScheme(string name, Func<string, bool> isHeader)
{
    internal string Name => name;

    internal bool IsHeader(string headerName) => isHeader(headerName);

    internal bool IsUsedBy(IHeaderDictionary headers) => headers.Keys.Any(isHeader);
}
