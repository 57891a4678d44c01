using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Who a user is, whatever else is claimed: the issuer and the subject. A subject is unique with its issuer only (OpenID Connect Core, section 2).</summary>
/// <remarks>An iss claim may be one that users can edit: who issued the subject's claim counts beside it.</remarks>
internal readonly struct UserKey : IEquatable<UserKey>
{
    private readonly string _issuer;
    private readonly string _claimIssuer;
    private readonly string _subject;

    private UserKey(string issuer, string claimIssuer, string subject)
    {
        _issuer = issuer;
        _claimIssuer = claimIssuer;
        _subject = subject;
    }

    public static bool operator ==(UserKey left, UserKey right) => left.Equals(right);

    public static bool operator !=(UserKey left, UserKey right) => !left.Equals(right);

    public bool Equals(UserKey other) =>
        string.Equals(_subject, other._subject, StringComparison.Ordinal)
        && string.Equals(_issuer, other._issuer, StringComparison.Ordinal)
        && string.Equals(_claimIssuer, other._claimIssuer, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is UserKey other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_issuer, _subject);

    /// <summary>Names neither value: it may end up in a message.</summary>
    public override string ToString() => nameof(UserKey);

    /// <summary>Gives the key of a user's identity, or null where it has no subject.</summary>
    internal static UserKey? Of(ClaimsIdentity user) => UserIdentities.SubjectOf(user) is { } subject
        ? new UserKey(UserIdentities.IssuerOf(user) ?? subject.Issuer, subject.Issuer, subject.Value)
        : null;

    /// <summary>
    /// Gives the key that closing goes by. A logout names issuer and subject alone, and closing too much is safe.
    /// </summary>
    internal UserKey ForClosing() => new(_issuer, claimIssuer: string.Empty, _subject);
}
