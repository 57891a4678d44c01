using Microsoft.AspNetCore.Authentication;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The handler of a <see cref="PrevailingScheme"/>.</summary>
internal interface IPrevailingHandler
{
    /// <summary>Authenticates within another scheme: this one is not asked yet.</summary>
    Task<AuthenticateResult> VerifyAsync();
}
