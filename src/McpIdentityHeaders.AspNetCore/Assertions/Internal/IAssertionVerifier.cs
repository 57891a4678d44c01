using System.Security.Claims;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Verifies one scheme's assertions.</summary>
internal interface IAssertionVerifier
{
    /// <returns>The user and the token; or why there is none. The error quotes nothing of the token.</returns>
    Task<(ClaimsIdentity? User, JsonWebToken? Token, string? Error)> VerifyAsync(string token, CancellationToken cancellationToken);
}
