using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>A plain header that a proxy sends beside its assertion.</summary>
/// <param name="Name">The header's name.</param>
/// <param name="GetValue">Gets what it has to say, of a verified assertion; null where that has nothing to compare it with.</param>
internal sealed record CompanionHeader(string Name, Func<JsonWebToken, string>? GetValue);
