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

        if (principal.Identities is List<ClaimsIdentity> { Count: 1 } single)
        {
            return new UserIdentities(single[0], contributors: null);
        }

        return SelectAmong(principal, select, out refusal);
    }

    /// <summary>
    /// Gives an identity's claims. It hands out its own list unless claims from elsewhere were mixed in; a list is read without an enumerator.
    /// </summary>
    internal static ReadOnlySpan<Claim> ClaimsOf(ClaimsIdentity identity) =>
        identity.Claims is List<Claim> list ? CollectionsMarshal.AsSpan(list) : identity.Claims.ToArray();

    /// <summary>Finds the first claim of a type with a value that is not blank.</summary>
    internal static Claim? FindFirst(ClaimsIdentity identity, string claimType)
    {
        foreach (Claim claim in ClaimsOf(identity))
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

    // Apart: what a lambda captures is allocated when its method begins, needed or not.
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
