using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>A scheme that decides alone who the user is, where a request has what it reads: plain headers beside that prove nothing.</summary>
/// <param name="name">The scheme's name.</param>
/// <param name="isUsedBy">Whether a request with these headers has it.</param>
internal sealed class PrevailingScheme(string name, Func<IHeaderDictionary, bool> isUsedBy)
{
    internal string Name => name;

    internal bool IsUsedBy(IHeaderDictionary headers) => isUsedBy(headers);
}
