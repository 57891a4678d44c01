using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The issuer's keys.</summary>
internal abstract class VerificationKeys
{
    /// <summary>Tells whether there are keys to verify by, and fetches them where they are fetched and never were.</summary>
    internal abstract ValueTask<KeyAvailability> CheckAsync(CancellationToken cancellationToken);

    /// <summary>Finds the keys of an id. There are several where a key set uses an id twice: each is tried.</summary>
    internal abstract ValueTask<IReadOnlyList<SecurityKey>> FindAsync(string keyId, CancellationToken cancellationToken);
}
