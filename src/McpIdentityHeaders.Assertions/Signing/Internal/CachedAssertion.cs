using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Internal;

/// <summary>A signed assertion that may be sent again.</summary>
/// <param name="token">The JWT.</param>
/// <param name="credentials">What signed it: a rotation makes another.</param>
/// <param name="signedAt">When it was signed. A clock that was set back makes it one of the future.</param>
/// <param name="renewAt">When another is signed: after half the lifetime, so that a receiver has the other half.</param>
internal sealed class CachedAssertion(string token, SigningCredentials credentials, DateTimeOffset signedAt, DateTimeOffset renewAt)
{
    internal string Token => token;

    internal bool IsUsable(SigningCredentials current, DateTimeOffset now) => credentials == current && now >= signedAt && now < renewAt;
}
