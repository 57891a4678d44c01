using System.Collections.Frozen;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>The claim types that ASP.NET Core's JWT handlers rename while <c>MapInboundClaims</c> is on, as it is by default.</summary>
internal static class InboundClaimMapping
{
    private const string Identity = "http://schemas.microsoft.com/identity/claims/";

    private static readonly FrozenDictionary<string, string> Renamed = new Dictionary<string, string>
    {
        ["sub"] = ClaimTypes.NameIdentifier,
        ["nameid"] = ClaimTypes.NameIdentifier,
        ["unique_name"] = ClaimTypes.Name,
        ["email"] = ClaimTypes.Email,
        ["upn"] = ClaimTypes.Upn,
        ["given_name"] = ClaimTypes.GivenName,
        ["family_name"] = ClaimTypes.Surname,
        ["role"] = ClaimTypes.Role,
        ["roles"] = ClaimTypes.Role,
        ["oid"] = $"{Identity}objectidentifier",
        ["tid"] = $"{Identity}tenantid",
        ["idp"] = $"{Identity}identityprovider",
        ["scp"] = $"{Identity}scope",
        ["acr"] = "http://schemas.microsoft.com/claims/authnclassreference",
        ["amr"] = "http://schemas.microsoft.com/claims/authnmethodsreferences",
    }.ToFrozenDictionary();

    /// <summary>Finds the type that a claim has instead, where none of the types wanted is present.</summary>
    internal static (string ClaimType, string RenamedTo)? Find(IReadOnlyCollection<string> wanted, IReadOnlyCollection<string> present) =>
        wanted.Any(present.Contains)
            ? null
            : wanted
                .Where(type => Renamed.TryGetValue(type, out string? renamed) && present.Contains(renamed))
                .Select(type => ((string, string)?)(type, Renamed[type]))
                .FirstOrDefault();
}
