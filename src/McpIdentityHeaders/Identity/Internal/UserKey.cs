using System.Globalization;
using System.Security.Claims;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Who a user is: the issuer and the subject, and what <see cref="McpClientPoolOptions.SessionKeyClaimTypes"/> adds. A subject is unique
/// with its issuer only (OpenID Connect Core, section 2).
/// </summary>
internal readonly struct UserKey : IEquatable<UserKey>
{
    private readonly string _issuer;
    private readonly string _subject;
    private readonly string? _otherClaims;

    private UserKey(string issuer, string subject, string? otherClaims)
    {
        _issuer = issuer;
        _subject = subject;
        _otherClaims = otherClaims;
    }

    /// <summary>Gets the key of issuer and subject alone.</summary>
    internal UserKey WithoutOtherClaims => new(_issuer, _subject, otherClaims: null);

    public static bool operator ==(UserKey left, UserKey right) => left.Equals(right);

    public static bool operator !=(UserKey left, UserKey right) => !left.Equals(right);

    public bool Equals(UserKey other) =>
        string.Equals(_subject, other._subject, StringComparison.Ordinal)
        && string.Equals(_issuer, other._issuer, StringComparison.Ordinal)
        && string.Equals(_otherClaims, other._otherClaims, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is UserKey other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_issuer, _subject, _otherClaims);

    /// <summary>Names neither value: it may end up in a message.</summary>
    public override string ToString() => nameof(UserKey);

    /// <summary>Gives the key of a user, or null where it has no subject.</summary>
    internal static UserKey? Of(in UserIdentities user, UserSelector users, IList<string> otherClaimTypes) =>
        users.SubjectOf(user[0]) is { } subject
            ? new UserKey(UserSelector.IssuerOf(user[0]) ?? subject.Issuer, subject.Value, ReadOthers(user, otherClaimTypes))
            : null;

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
