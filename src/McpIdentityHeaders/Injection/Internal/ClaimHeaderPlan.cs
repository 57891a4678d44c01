using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>One header, compiled: how its value is read from a user's claims.</summary>
internal sealed class ClaimHeaderPlan
{
    private readonly string[] _claimTypes;
    private readonly string[]? _path;
    private readonly ClaimValueFormat _format;

    private readonly Func<ClaimsPrincipal, IEnumerable<string>?>? _getValues;

    internal ClaimHeaderPlan(ClaimHeader header, IEnumerable<string> subjectClaimTypes)
    {
        Name = header.HeaderName;
        Required = header.Required;
        _claimTypes = header.IsDefaultSubject ? [.. subjectClaimTypes] : [.. header.ClaimTypes];
        _path = JsonPathSyntax.Parse(header.JsonPath);
        _format = header.Format;
        _getValues = header.GetValues;
        MayBeOmitted = !Required && !_claimTypes.Any(subjectClaimTypes.Contains);
    }

    internal string Name { get; }

    /// <summary>Gets the claim types to look for. Empty where code gives the value.</summary>
    internal IReadOnlyCollection<string> ClaimTypes => _claimTypes;

    internal bool Required { get; }

    /// <summary>Gets whether the header may be left out for its size: it is not required, and not the subject's.</summary>
    internal bool MayBeOmitted { get; }

    /// <summary>Gets where the value comes from, for a message.</summary>
    internal string Source => _getValues is null
        ? $"the claim {string.Join(", ", _claimTypes.Select(type => $"'{type}'"))}"
        : "the code that was given for it";

    /// <summary>
    /// Reads the header's value, encoded. The first type with a value wins, in the user's own identity first and then in each that
    /// contributes, so that no other identity's claim displaces the user's own.
    /// </summary>
    /// <exception cref="FormatException">A value cannot be sent. The message says why, and does not quote it.</exception>
    internal string? Read(in UserIdentities user, HeaderValueEncoding encoding)
    {
        if (_getValues is not null)
        {
            return Encode(GetValues(_getValues, user), encoding);
        }

        for (int identity = 0; identity < user.Count; identity++)
        {
            foreach (string type in _claimTypes)
            {
                string? value = _format == ClaimValueFormat.Single
                    ? ReadSingle(user[identity], type, _path, encoding)
                    : ReadList(user, type, from: identity, encoding);
                if (value is not null)
                {
                    return value;
                }
            }
        }

        return null;
    }

    /// <summary>Calls user code. Its exceptions may hold claims, so their messages are not shown.</summary>
    private static List<string> GetValues(Func<ClaimsPrincipal, IEnumerable<string>?> getValues, in UserIdentities user)
    {
        ClaimsPrincipal principal = user.ToPrincipal();
        try
        {
            return [.. (getValues(principal) ?? []).Where(value => !string.IsNullOrWhiteSpace(value))];
        }
        catch (Exception exception)
        {
            throw new FormatException($"it threw a {exception.GetType().Name}. Its message is not shown, since it may hold claims");
        }
    }

    private static string? ReadSingle(IdentityClaims identity, string claimType, string[]? path, HeaderValueEncoding encoding)
    {
        foreach (Claim? claim in identity.Claims)
        {
            // A JSON claim may hold no value at all: the next claim of its type has its turn.
            if (IdentityClaims.Matches(claim, claimType) && JsonClaim.ReadFirst(claim, path) is { } value)
            {
                return HeaderValueEncoder.EncodeSingle(value, encoding);
            }
        }

        return null;
    }

    private string? ReadList(in UserIdentities user, string claimType, int from, HeaderValueEncoding encoding)
    {
        List<string> items = [];
        for (int index = from; index < user.Count; index++)
        {
            foreach (Claim? claim in user[index].Claims)
            {
                if (IdentityClaims.Matches(claim, claimType))
                {
                    JsonClaim.AddItems(claim, _path, items);
                }
            }

            // The type has to win with the identity that it was looked for in.
            if (items.Count == 0)
            {
                return null;
            }
        }

        return Encode(items, encoding);
    }

    private string? Encode(List<string> values, HeaderValueEncoding encoding) => (_format, values.Count) switch
    {
        (_, 0) => null,
        (ClaimValueFormat.Single, _) => HeaderValueEncoder.EncodeSingle(values[0], encoding),
        (ClaimValueFormat.JsonArray, _) => HeaderValueEncoder.EncodeJsonArray(CollectionsMarshal.AsSpan(values)),
        _ => HeaderValueEncoder.EncodeCommaSeparated(CollectionsMarshal.AsSpan(values)),
    };
}
