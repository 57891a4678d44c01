using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds the one user of a principal, and the user's subject.</summary>
/// <param name="subjectClaimTypes">The claim types of a subject. The first that an identity has decides.</param>
/// <param name="selectIdentity">Chooses among several subjects.</param>
internal sealed class UserSelector(IEnumerable<string> subjectClaimTypes, Func<ClaimsPrincipal, ClaimsIdentity?>? selectIdentity)
{
    private const string Issuer = "iss";

    internal const string ChangedMeanwhile =
        "the principal was changed while it was read. Do not change a principal that requests run for: make a new one with the other "
        + "claims";

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

    internal static bool HasClaims(ClaimsPrincipal principal) =>
        IdentitiesOf(principal).ToArray().Any(identity => identity?.Claims.Any() == true);

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
    /// <param name="user">The user.</param>
    /// <param name="error">Why there is no one user.</param>
    internal bool TrySelect(ClaimsPrincipal principal, out UserIdentities user, [NotNullWhen(false)] out string? error)
    {
        try
        {
            return IdentitiesOf(principal) is [{ IsAuthenticated: true } single]
                ? TryRead(single, [], out user, out error)
                : TrySelectAmong(principal, out user, out error);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // A collection that another thread changes may throw either as it is listed.
            user = default;
            error = ChangedMeanwhile;
            return false;
        }
    }

    // A method of its own: what a lambda captures is allocated when its method begins.
    private bool TrySelectAmong(ClaimsPrincipal principal, out UserIdentities user, [NotNullWhen(false)] out string? error)
    {
        List<ClaimsIdentity> authenticated =
            [.. IdentitiesOf(principal).ToArray().Where(identity => identity is { IsAuthenticated: true })];
        user = default;
        error = ChangedMeanwhile;
        if ((authenticated.Find(identity => FindSubject(identity) is not null) ?? authenticated.FirstOrDefault()) is not { } first)
        {
            return false;
        }

        // Pass all others on: TryRead refuses one that becomes another subject's meanwhile, and must not miss it.
        if (authenticated.TrueForAll(identity => Contributes(identity, first)))
        {
            return TryRead(first, [.. authenticated.Where(identity => identity != first)], out user, out error);
        }

        error = SeveralUsers;
        return selectIdentity is not null
            && Choose(principal, selectIdentity, authenticated, out error) is { } chosen
            && TryRead(
                chosen, [.. authenticated.Where(identity => identity != chosen && Contributes(identity, chosen))], out user, out error);
    }

    /// <summary>Reads the keys of all authenticated identities with a subject, whether they are one user or several.</summary>
    internal HashSet<UserKey> ReadKeys(ClaimsPrincipal principal)
    {
        HashSet<UserKey> keys = [];
        foreach (ClaimsIdentity identity in IdentitiesOf(principal).ToArray())
        {
            if (identity is { IsAuthenticated: true }
                && IdentityClaims.Read(identity) is { } claims
                && UserKey.Of(new UserIdentities(claims, contributors: []), this, otherClaimTypes: []) is { } key)
            {
                keys.Add(key);
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

    // Stop at the match: the claims of an identity that contributes nothing must not fail the user's request.
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

    private bool TryRead(
        ClaimsIdentity user, ClaimsIdentity[] contributors, out UserIdentities read, [NotNullWhen(false)] out string? error)
    {
        read = default;
        error = ChangedMeanwhile;
        if (IdentityClaims.Read(user) is not { } claims)
        {
            return false;
        }

        IdentityClaims[] others = contributors.Length == 0 ? [] : new IdentityClaims[contributors.Length];
        for (int index = 0; index < others.Length; index++)
        {
            // Checked again on what was read: the identity may have become another subject's.
            if (IdentityClaims.Read(contributors[index]) is not { } other || !Contributes(other, claims))
            {
                return false;
            }

            others[index] = other;
        }

        read = new UserIdentities(claims, others);
        error = HasTwoSubjects(claims) ? DescribeTwoSubjects(claims) : null;
        foreach (IdentityClaims other in others)
        {
            error ??= HasTwoSubjects(other) ? DescribeTwoSubjects(other) : null;
        }

        return error is null;
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

    private bool Contributes(IdentityClaims identity, IdentityClaims user) =>
        SubjectOf(identity) is not { } subject
        || (subject.Value == SubjectOf(user)?.Value && IssuerOf(identity) == IssuerOf(user));

    private bool HasTwoSubjects(IdentityClaims identity)
    {
        foreach (string type in _subjectClaimTypes)
        {
            Claim? subject = null;
            foreach (Claim? claim in identity.Claims)
            {
                // A JSON array of subjects is one claim: a header would have its first value, and a session's key all of them.
                if (IdentityClaims.Matches(claim, type) && ((subject ??= claim).Value != claim.Value || JsonClaim.HasSeveralValues(claim)))
                {
                    return true;
                }
            }

            if (subject is not null)
            {
                return false;
            }
        }

        return false;
    }

    private string DescribeTwoSubjects(IdentityClaims identity) =>
        $"the user's identity has two different values of the claim '{SubjectOf(identity)?.Type}', and so two subjects. Have the sign-in "
        + "keep one, or set ClaimInjectionOptions.SubjectClaimTypes to a claim type with one value";
}
