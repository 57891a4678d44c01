using System.Runtime.CompilerServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Room for the claims that were found for a request, on the stack as long as they are so few.</summary>
[InlineArray(Length)]
internal struct FoundClaims
{
    internal const int Length = 16;

    private Claim? _first;
}
