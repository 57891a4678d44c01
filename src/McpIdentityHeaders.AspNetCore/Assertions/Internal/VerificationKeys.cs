using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The issuer's keys.</summary>
internal abstract class VerificationKeys
{
    /// <summary>Finds the keys of an id. There are several where a key set uses an id twice: each is tried.</summary>
    internal abstract ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken);
}
