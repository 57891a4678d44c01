using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The one user of a principal: the identity with the subject, and after it those whose claims may be added to it. Identities that are not
/// authenticated, or that are another subject's, are never in it.
/// </summary>
internal readonly struct UserIdentities
{
    private const string Subject = "sub";
    private const string Issuer = "iss";

    private readonly ClaimsIdentity _user;
    private readonly List<ClaimsIdentity>? _contributors;

    private UserIdentities(ClaimsIdentity user, List<ClaimsIdentity>? contributors)
    {
        _user = user;
        _contributors = contributors;
    }

    internal int Count => 1 + (_contributors?.Count ?? 0);

    internal ClaimsIdentity this[int index] => index == 0 ? _user : _contributors![index - 1];

    /// <param name="principal">A principal with at least one authenticated identity.</param>
    /// <param name="select">Chooses among several subjects.</param>
    /// <param name="refusal">Why there is no one user.</param>
    internal static UserIdentities? Select(ClaimsPrincipal principal, Func<ClaimsPrincipal, ClaimsIdentity?>? select, out string? refusal)
    {
        refusal = null;

        if (IsList(principal.Identities, out ReadOnlySpan<ClaimsIdentity> list) && list is [var single])
        {
            return new UserIdentities(single, contributors: null);
        }

        return SelectAmong(principal, select, out refusal);
    }

    /// <summary>
    /// Whether it is a list, to be read without an enumerator: principals and identities hand out their own, unless there is more to them. What
    /// derives from a list may enumerate as it likes, and is none.
    /// </summary>
    internal static bool IsList<T>(IEnumerable<T> items, out ReadOnlySpan<T> list)
    {
        bool isList = items.GetType() == typeof(List<T>);
        list = isList ? CollectionsMarshal.AsSpan((List<T>)items) : [];
        return isList;
    }

    internal static ReadOnlySpan<Claim> ClaimsOf(ClaimsIdentity identity)
    {
        IEnumerable<Claim> claims = identity.Claims;
        if (IsList(claims, out ReadOnlySpan<Claim> list))
        {
            return list;
        }

        // Not by ToArray, which takes what a collection holds and not what it enumerates.
        List<Claim> enumerated = [];
        foreach (Claim claim in claims)
        {
            enumerated.Add(claim);
        }

        return CollectionsMarshal.AsSpan(enumerated);
    }

    /// <summary>Finds the first claim of a type with a value that is not blank, and looks at none behind it.</summary>
    internal static Claim? FindFirst(ClaimsIdentity identity, string claimType)
    {
        IEnumerable<Claim> claims = identity.Claims;
        if (!IsList(claims, out ReadOnlySpan<Claim> list))
        {
            return FindFirstAmong(claims, claimType);
        }

        foreach (Claim claim in list)
        {
            if (Matches(claim, claimType))
            {
                return claim;
            }
        }

        return null;
    }

    internal static bool Matches(Claim claim, string claimType) =>
        string.Equals(claim.Type, claimType, StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(claim.Value);

    internal static Claim? SubjectOf(ClaimsIdentity identity) =>
        FindFirst(identity, Subject) ?? FindFirst(identity, ClaimTypes.NameIdentifier);

    internal static string? IssuerOf(ClaimsIdentity identity) => FindFirst(identity, Issuer)?.Value;

    private static Claim? FindFirstAmong(IEnumerable<Claim> claims, string claimType) =>
        claims.FirstOrDefault(claim => Matches(claim, claimType));

    // Apart, like FindFirstAmong: what a lambda captures is allocated when its method begins, needed or not.
    private static UserIdentities? SelectAmong(
        ClaimsPrincipal principal, Func<ClaimsPrincipal, ClaimsIdentity?>? select, out string? refusal)
    {
        refusal = null;
        List<ClaimsIdentity> authenticated = [.. principal.Identities.Where(identity => identity.IsAuthenticated)];
        ClaimsIdentity? user = authenticated.Find(identity => SubjectOf(identity) is not null) ?? authenticated[0];

        if (!authenticated.TrueForAll(identity => Contributes(identity, user)))
        {
            if (select is null)
            {
                refusal = "the principal has authenticated identities of different subjects or issuers, and which of them is the user is "
                    + "not said. Set ClaimInjectionOptions.SelectIdentity";
                return null;
            }

            user = Choose(principal, select, out refusal);
            if (user is null)
            {
                return null;
            }

            if (!authenticated.Contains(user))
            {
                refusal = "ClaimInjectionOptions.SelectIdentity did not choose one of the principal's authenticated identities";
                return null;
            }
        }

        return new UserIdentities(user, authenticated.FindAll(identity => identity != user && Contributes(identity, user)));
    }

    /// <summary>Calls the user's own code, whose exceptions may hold what they like.</summary>
    private static ClaimsIdentity? Choose(
        ClaimsPrincipal principal, Func<ClaimsPrincipal, ClaimsIdentity?> select, out string? refusal)
    {
        try
        {
            ClaimsIdentity? chosen = select(principal);
            refusal = chosen is null ? "ClaimInjectionOptions.SelectIdentity chose none of the principal's identities" : null;
            return chosen;
        }
        catch (Exception exception)
        {
            refusal = $"ClaimInjectionOptions.SelectIdentity threw a {exception.GetType().Name}. Correct it; its message is not shown here, "
                + "since it may hold claims";
            return null;
        }
    }

    private static bool Contributes(ClaimsIdentity identity, ClaimsIdentity user) =>
        SubjectOf(identity) is not { } subject
        || (string.Equals(subject.Value, SubjectOf(user)?.Value, StringComparison.Ordinal)
            && string.Equals(IssuerOf(identity), IssuerOf(user), StringComparison.Ordinal));
}
