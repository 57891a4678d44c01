using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The one user of a principal: the identity with the subject, and after it those whose claims may be added to it. Identities that are not
/// authenticated, or that are another subject's, are never in it.
/// </summary>
internal readonly struct UserIdentities(ClaimsIdentity user, List<ClaimsIdentity>? contributors)
{
    private const string Subject = "sub";
    private const string Issuer = "iss";

    internal int Count => 1 + (contributors?.Count ?? 0);

    internal ClaimsIdentity this[int index] => index == 0 ? user : contributors![index - 1];

    /// <param name="principal">A principal with at least one authenticated identity.</param>
    /// <param name="select">Chooses among several subjects.</param>
    /// <param name="error">Why there is no one user.</param>
    internal static UserIdentities? Select(ClaimsPrincipal principal, Func<ClaimsPrincipal, ClaimsIdentity?>? select, out string? error)
    {
        error = null;

        return IdentitiesOf(principal) is [var single]
            ? new UserIdentities(single, contributors: null)
            : SelectAmong(principal, select, out error);
    }

    /// <summary>Whether no identity of the principal is authenticated.</summary>
    internal static bool IsAnonymous(ClaimsPrincipal principal)
    {
        foreach (ClaimsIdentity identity in IdentitiesOf(principal))
        {
            if (identity.IsAuthenticated)
            {
                return false;
            }
        }

        return true;
    }

    internal static ReadOnlySpan<Claim> ClaimsOf(ClaimsIdentity identity) =>
        CollectionsMarshal.AsSpan(AsList(identity.Claims) ?? Enumerate(identity.Claims));

    /// <summary>Finds the first claim of a type with a value that is not blank, and looks at none behind it.</summary>
    internal static Claim? FindFirst(ClaimsIdentity identity, string claimType)
    {
        if (AsList(identity.Claims) is not { } list)
        {
            return FindFirst(identity.Claims, claimType);
        }

        foreach (Claim claim in CollectionsMarshal.AsSpan(list))
        {
            if (Matches(claim, claimType))
            {
                return claim;
            }
        }

        return null;
    }

    internal static bool Matches(Claim claim, string claimType) =>
        claim.Type == claimType && !string.IsNullOrWhiteSpace(claim.Value);

    internal static Claim? SubjectOf(ClaimsIdentity identity) =>
        FindFirst(identity, Subject) ?? FindFirst(identity, ClaimTypes.NameIdentifier);

    internal static string? IssuerOf(ClaimsIdentity identity) => FindFirst(identity, Issuer)?.Value;

    private static Claim? FindFirst(IEnumerable<Claim> claims, string claimType) => claims.FirstOrDefault(claim => Matches(claim, claimType));

    private static ReadOnlySpan<ClaimsIdentity> IdentitiesOf(ClaimsPrincipal principal) => CollectionsMarshal.AsSpan(
        principal.Identities.GetType() == typeof(List<ClaimsIdentity>) ? (List<ClaimsIdentity>)principal.Identities : Enumerate(principal.Identities));

    // A list is read without an enumerator; a class derived from it may enumerate something else.
    private static List<Claim>? AsList(IEnumerable<Claim> claims) => claims.GetType() == typeof(List<Claim>) ? (List<Claim>)claims : null;

    // Neither ToList nor LINQ: both may take what a collection holds and not what it enumerates.
    private static List<T> Enumerate<T>(IEnumerable<T> items)
    {
        List<T> enumerated = [];
        foreach (T item in items)
        {
            enumerated.Add(item);
        }

        return enumerated;
    }

    // A method of its own: what a lambda captures is allocated when its method begins.
    private static UserIdentities? SelectAmong(
        ClaimsPrincipal principal, Func<ClaimsPrincipal, ClaimsIdentity?>? select, out string? error)
    {
        error = null;
        List<ClaimsIdentity> authenticated = [.. principal.Identities.Where(identity => identity.IsAuthenticated)];
        ClaimsIdentity? user = authenticated.Find(identity => SubjectOf(identity) is not null) ?? authenticated[0];

        if (!authenticated.TrueForAll(identity => Contributes(identity, user)))
        {
            if (select is null)
            {
                error = "the principal has authenticated identities of different subjects or issuers, and none of them is "
                    + "selected as the user. Set ClaimInjectionOptions.SelectIdentity";
                return null;
            }

            user = Choose(principal, select, authenticated, out error);
            if (user is null)
            {
                return null;
            }
        }

        return new UserIdentities(user, authenticated.FindAll(identity => identity != user && Contributes(identity, user)));
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

    private static bool Contributes(ClaimsIdentity identity, ClaimsIdentity user) =>
        SubjectOf(identity) is not { } subject
        || (string.Equals(subject.Value, SubjectOf(user)?.Value, StringComparison.Ordinal)
            && string.Equals(IssuerOf(identity), IssuerOf(user), StringComparison.Ordinal));
}
