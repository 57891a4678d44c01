using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds the one user of a principal, and the user's subject.</summary>
/// <param name="subjectClaimTypes">The claim types of a subject. The first that an identity has decides.</param>
/// <param name="selectIdentity">Chooses among several subjects.</param>
internal sealed class UserSelector(IEnumerable<string> subjectClaimTypes, Func<ClaimsPrincipal, ClaimsIdentity?>? selectIdentity)
{
    private const string Issuer = "iss";

    private const string ChangedMeanwhile =
        "the principal was changed while it was read. Do not change a principal that requests run for: make a new one with the other claims";

    private const string SeveralUsers =
        "the principal has authenticated identities of different subjects or issuers, and none of them is selected as the user. Set "
        + "ClaimInjectionOptions.SelectIdentity";

    private readonly string[] _subjectClaimTypes = [.. subjectClaimTypes];

    /// <summary>Gets the selector of clients without options of their own.</summary>
    internal static UserSelector Default { get; } = new(["sub", ClaimTypes.NameIdentifier], selectIdentity: null);

    /// <summary>Gets the claim types of a subject, for a message.</summary>
    internal string SubjectClaimTypes => string.Join(", ", _subjectClaimTypes.Select(type => $"'{type}'"));

    /// <summary>Whether no identity of the principal is authenticated.</summary>
    internal static bool IsAnonymous(ClaimsPrincipal principal)
    {
        foreach (ClaimsIdentity identity in IdentitiesOf(principal))
        {
            if (identity is { IsAuthenticated: true })
            {
                return false;
            }
        }

        return true;
    }

    internal static bool HasClaims(ClaimsPrincipal principal)
    {
        foreach (ClaimsIdentity identity in IdentitiesOf(principal))
        {
            if (identity?.Claims.Any() == true)
            {
                return true;
            }
        }

        return false;
    }

    internal static string? IssuerOf(IdentityClaims identity) => identity.FindFirst(Issuer)?.Value;

    internal bool IsSubject(string claimType) => _subjectClaimTypes.Contains(claimType);

    internal Claim? SubjectOf(IdentityClaims identity)
    {
        foreach (string type in _subjectClaimTypes)
        {
            if (identity.FindFirst(type) is { } subject)
            {
                return subject;
            }
        }

        return null;
    }

    /// <param name="principal">A principal with at least one authenticated identity.</param>
    /// <param name="error">Why there is no one user.</param>
    /// <returns>The user, to be disposed.</returns>
    internal UserIdentities? Select(ClaimsPrincipal principal, out string? error)
    {
        if (IdentitiesOf(principal) is not [{ IsAuthenticated: true } single])
        {
            return SelectAmong(principal, out error);
        }

        if (IdentityClaims.Read(single) is not { } claims)
        {
            error = ChangedMeanwhile;
            return null;
        }

        error = HasTwoSubjects(claims) ? DescribeTwoSubjects(claims) : null;
        if (error is null)
        {
            return new UserIdentities(claims, contributors: null);
        }

        claims.Return();
        return null;
    }

    /// <summary>Reads the keys of all authenticated identities with a subject, whether they are one user or several.</summary>
    internal HashSet<UserKey> ReadKeys(ClaimsPrincipal principal)
    {
        HashSet<UserKey> keys = [];
        foreach (ClaimsIdentity identity in IdentitiesOf(principal).ToArray())
        {
            if (identity is { IsAuthenticated: true } && IdentityClaims.Read(identity) is { } claims)
            {
                using var user = new UserIdentities(claims, contributors: null);
                if (UserKey.Of(user, this, otherClaimTypes: []) is { } key)
                {
                    keys.Add(key);
                }
            }
        }

        return keys;
    }

    private static ReadOnlySpan<ClaimsIdentity> IdentitiesOf(ClaimsPrincipal principal) => CollectionsMarshal.AsSpan(
        principal.Identities.GetType() == typeof(List<ClaimsIdentity>)
            ? (List<ClaimsIdentity>)principal.Identities
            : Enumerate(principal.Identities));

    private static List<ClaimsIdentity> Enumerate(IEnumerable<ClaimsIdentity> identities)
    {
        List<ClaimsIdentity> enumerated = [];
        foreach (ClaimsIdentity identity in identities)
        {
            enumerated.Add(identity);
        }

        return enumerated;
    }

    private string? FindSubject(ClaimsIdentity identity) =>
        _subjectClaimTypes.Select(type => FindFirst(identity, type)).FirstOrDefault(value => value is not null);

    // Looks at no claim behind: one identity's claims may cost another's user nothing but the look for a subject.
    private static string? FindFirst(ClaimsIdentity identity, string claimType)
    {
        foreach (Claim claim in identity.Claims.GetType() == typeof(List<Claim>) ? [.. ((List<Claim>)identity.Claims)] : identity.Claims)
        {
            if (claim is not null && IdentityClaims.Matches(claim, claimType))
            {
                return claim.Value;
            }
        }

        return null;
    }

    private UserIdentities? SelectAmong(ClaimsPrincipal principal, out string? error)
    {
        List<ClaimsIdentity> authenticated = [.. IdentitiesOf(principal).ToArray().Where(identity => identity is { IsAuthenticated: true })];
        if (authenticated.Count == 0)
        {
            return Fail(ChangedMeanwhile, out error);
        }

        ClaimsIdentity? user = authenticated.Find(identity => FindSubject(identity) is not null) ?? authenticated[0];
        if (!authenticated.TrueForAll(identity => Contributes(identity, user)))
        {
            if (selectIdentity is null)
            {
                return Fail(SeveralUsers, out error);
            }

            user = Choose(principal, selectIdentity, authenticated, out error);
            if (user is null)
            {
                return null;
            }
        }

        return Read(user, authenticated.FindAll(identity => identity != user && Contributes(identity, user)), out error);
    }

    private UserIdentities? Read(ClaimsIdentity user, List<ClaimsIdentity> contributors, out string? error)
    {
        List<IdentityClaims> read = [];
        error = ReadAll([user, .. contributors], read);
        if (error is null)
        {
            return new UserIdentities(read[0], read[1..]);
        }

        read.ForEach(static identity => identity.Return());
        return null;
    }

    /// <returns>Why they are not one user; null where they are.</returns>
    private string? ReadAll(IEnumerable<ClaimsIdentity> identities, List<IdentityClaims> read)
    {
        foreach (ClaimsIdentity identity in identities)
        {
            if (IdentityClaims.Read(identity) is not { } claims)
            {
                return ChangedMeanwhile;
            }

            read.Add(claims);
            if (HasTwoSubjects(claims))
            {
                return DescribeTwoSubjects(claims);
            }

            // Checked again on what was read: the identity may have become another subject's.
            if (SubjectOf(claims) is { } subject && (subject.Value != SubjectOf(read[0])?.Value || IssuerOf(claims) != IssuerOf(read[0])))
            {
                return ChangedMeanwhile;
            }
        }

        return null;
    }

    private static UserIdentities? Fail(string reason, out string? error)
    {
        error = reason;
        return null;
    }

    /// <summary>Calls user code. Its exceptions may hold claims, so their messages are not shown.</summary>
    private static ClaimsIdentity? Choose(
        ClaimsPrincipal principal, Func<ClaimsPrincipal, ClaimsIdentity?> select, List<ClaimsIdentity> authenticated, out string? error)
    {
        try
        {
            ClaimsIdentity? chosen = select(principal);
            error = chosen is null
                ? "ClaimInjectionOptions.SelectIdentity chose none of the principal's identities"
                : "ClaimInjectionOptions.SelectIdentity did not choose one of the principal's authenticated identities";
            return chosen is not null && authenticated.Contains(chosen) ? chosen : null;
        }
        catch (Exception exception)
        {
            error = $"ClaimInjectionOptions.SelectIdentity threw a {exception.GetType().Name}. Correct it; its message is not shown here, "
                + "since it may hold claims";
            return null;
        }
    }

    private bool Contributes(ClaimsIdentity identity, ClaimsIdentity user) =>
        FindSubject(identity) is not { } subject
        || (subject == FindSubject(user) && FindFirst(identity, Issuer) == FindFirst(user, Issuer));

    private bool HasTwoSubjects(IdentityClaims identity)
    {
        if (SubjectOf(identity) is not { } subject)
        {
            return false;
        }

        foreach (Claim claim in identity.Claims)
        {
            if (claim != subject && IdentityClaims.Matches(claim, subject.Type) && claim.Value != subject.Value)
            {
                return true;
            }
        }

        return false;
    }

    private string DescribeTwoSubjects(IdentityClaims identity) =>
        $"the user's identity has two different values of the claim '{SubjectOf(identity)?.Type}', and so two subjects. Have the sign-in keep "
        + "one, or set ClaimInjectionOptions.SubjectClaimTypes to a claim type with one value";
}
