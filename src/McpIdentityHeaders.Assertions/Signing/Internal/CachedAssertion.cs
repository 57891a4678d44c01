using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Internal;

/// <summary>A signed assertion that may be sent again.</summary>
/// <param name="Token">The JWT.</param>
/// <param name="Credentials">What signed it: a rotation makes another.</param>
/// <param name="RenewAt">When another is signed: after half the lifetime, so that a receiver has the other half.</param>
internal sealed record CachedAssertion(string Token, SigningCredentials Credentials, DateTimeOffset RenewAt);
