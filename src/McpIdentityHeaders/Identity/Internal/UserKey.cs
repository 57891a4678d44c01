using System.Globalization;
using System.Security.Claims;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Who a user is: the issuer and the subject, and what <see cref="McpClientPoolOptions.SessionKeyClaimTypes"/> adds. A subject is unique
/// with its issuer only (OpenID Connect Core, section 2).
/// </summary>
/// <param name="Issuer">The iss claim, else <paramref name="ClaimIssuer"/>.</param>
/// <param name="ClaimIssuer">Who issued the subject's claim: users may be able to edit an iss claim.</param>
/// <param name="Subject">The subject.</param>
/// <param name="OtherClaims">The values of the other claims in one text; null where none belong to the key.</param>
internal readonly record struct UserKey(string Issuer, string ClaimIssuer, string Subject, string? OtherClaims)
{
    /// <summary>Names neither value: it may end up in a message.</summary>
    public override string ToString() => nameof(UserKey);

    /// <summary>Gives the key of a user, or null where it has no subject.</summary>
    internal static UserKey? Of(in UserIdentities user, UserSelector users, IList<string> otherClaimTypes) =>
        users.SubjectOf(user[0]) is { } subject
            ? new UserKey(
                UserSelector.IssuerOf(user[0]) ?? subject.Issuer, subject.Issuer, subject.Value, ReadOthers(user, otherClaimTypes))
            : null;

    /// <summary>Gives the key that closing goes by. A logout names issuer and subject alone, and closing too much is safe.</summary>
    internal UserKey ForClosing() => this with { ClaimIssuer = string.Empty, OtherClaims = null };

    /// <summary>Gives one text for one combination of values, whatever their order is. Lengths in front keep values apart.</summary>
    private static string? ReadOthers(in UserIdentities user, IList<string> claimTypes)
    {
        if (claimTypes.Count == 0)
        {
            return null;
        }

        var others = new StringBuilder();
        foreach (string type in claimTypes)
        {
            SortedSet<string> values = new(StringComparer.Ordinal);
            for (int index = 0; index < user.Count; index++)
            {
                foreach (Claim? claim in user[index].Claims)
                {
                    if (IdentityClaims.Matches(claim, type))
                    {
                        values.Add(claim.Value);
                    }
                }
            }

            others.Append(CultureInfo.InvariantCulture, $"{values.Count};");
            foreach (string value in values)
            {
                others.Append(CultureInfo.InvariantCulture, $"{value.Length}:{value}");
            }
        }

        return others.ToString();
    }
}
