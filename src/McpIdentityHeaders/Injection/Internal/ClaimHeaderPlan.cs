using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>One header, compiled: how its value is read from a user's claims.</summary>
internal sealed class ClaimHeaderPlan
{
    private readonly string[] _claimTypes;
    private readonly string[]? _path;
    private readonly ClaimValueFormat _format;

    private readonly ClaimObjectProperty[]? _properties;
    private readonly string[] _subjectClaimTypes;
    private readonly Func<ClaimsPrincipal, IEnumerable<string>?>? _getValues;

    internal ClaimHeaderPlan(ClaimHeader header, IEnumerable<string> subjectClaimTypes)
    {
        Name = header.HeaderName;
        Required = header.Required;
        _claimTypes = header.IsDefaultSubject ? [.. subjectClaimTypes] : [.. header.ClaimTypes];
        _path = JsonPathSyntax.Parse(header.JsonPath);
        _format = header.Format;
        _properties = ClaimObjectProperty.IsObject(_format) ? ClaimObjectProperty.CreateAll(_claimTypes) : null;
        _subjectClaimTypes = [.. subjectClaimTypes];
        _getValues = header.GetValues;
        ClaimName = ShortClaimName.Of(header);
        IsSubject = _getValues is not null || (_path is null && _subjectClaimTypes.Take(_claimTypes.Length).SequenceEqual(_claimTypes));
        MayBeOmitted = !Required && !_claimTypes.Any(_subjectClaimTypes.Contains);
    }

    internal string Name { get; }

    /// <summary>Gets the claim types to look for. Empty where code gives the value.</summary>
    internal IReadOnlyCollection<string> ClaimTypes => _claimTypes;

    /// <summary>Gets the name of the value's claim in a JWT.</summary>
    internal string ClaimName { get; }

    internal bool Required { get; }

    /// <summary>
    /// Gets whether its value is the user's subject wherever it has one: it looks for the subject's first claim types, in their order. What
    /// code gives is what the program means.
    /// </summary>
    internal bool IsSubject { get; }

    internal bool IsList => _format != ClaimValueFormat.Single;

    /// <summary>Gets whether the header carries an object of several claims.</summary>
    internal bool IsObject => _properties is not null;

    /// <summary>Gets whether the header may be left out for its size: it is not required, and not the subject's.</summary>
    internal bool MayBeOmitted { get; }

    /// <summary>Gets where the value comes from, for a message.</summary>
    internal string Source => _getValues is not null ? "the code that was given for it"
        : IsObject ? $"the claims {JoinClaimTypes(", ")}"
        : $"the claim {JoinClaimTypes(" or ")}";

    /// <summary>
    /// Reads the header's value. The first type with a value wins, in the user's own identity first and then in each that contributes, so
    /// that no other identity's claim displaces the user's own.
    /// </summary>
    /// <returns>A string; the items of a list; an object of several claims; null where the user has no value.</returns>
    /// <exception cref="FormatException">Code of the program failed. The message says why.</exception>
    internal object? Read(in UserIdentities user)
    {
        if (_getValues is not null)
        {
            return ToValue(GetValues(_getValues, user));
        }

        if (_properties is not null)
        {
            return ReadObject(user, _properties);
        }

        for (int identity = 0; identity < user.Count; identity++)
        {
            foreach (string type in _claimTypes)
            {
                object? value = _format == ClaimValueFormat.Single
                    ? ReadSingle(user[identity], type, _path)
                    : ToValue(ReadList(user, type, from: identity));
                if (value is not null)
                {
                    return value;
                }
            }
        }

        return null;
    }

    private ClaimObject? ReadObject(in UserIdentities user, ClaimObjectProperty[] names)
    {
        List<(string Name, IReadOnlyList<string> Values)> properties = [];
        foreach (ClaimObjectProperty name in names)
        {
            if (ReadProperty(user, name) is { } property)
            {
                properties.Add(property);
            }
        }

        ClaimsIdentity identity = user[0].Identity;
        return properties.Count == 0 ? null : new ClaimObject(properties)
        {
            AuthenticationType = identity.AuthenticationType ?? string.Empty,
            NameClaimType = identity.NameClaimType,
            RoleClaimType = identity.RoleClaimType,
        };
    }

    private (string Name, IReadOnlyList<string> Values)? ReadProperty(in UserIdentities user, ClaimObjectProperty property)
    {
        // A subject is one value, as in a header of its own.
        bool isSubject = property.ClaimTypes.Any(_subjectClaimTypes.Contains);
        for (int identity = 0; identity < user.Count; identity++)
        {
            foreach (string type in property.ClaimTypes)
            {
                if (ReadList(user, type, from: identity) is [var first, ..] values)
                {
                    return (_format == ClaimValueFormat.ClientPrincipal ? type : property.Name, isSubject ? [first] : values);
                }
            }
        }

        return null;
    }

    /// <summary>Encodes a value that was read.</summary>
    /// <exception cref="FormatException">The value cannot be sent. The message says why, and does not quote it.</exception>
    internal string Encode(object value, HeaderValueEncoding encoding) => value switch
    {
        string single => HeaderValueEncoder.EncodeSingle(single, encoding),
        ClaimObject claims => HeaderValueEncoder.EncodeObject(claims, _format),
        List<string> items when _format == ClaimValueFormat.JsonArray =>
            HeaderValueEncoder.EncodeJsonArray(CollectionsMarshal.AsSpan(items)),
        List<string> items => HeaderValueEncoder.EncodeCommaSeparated(CollectionsMarshal.AsSpan(items)),
        _ => throw new UnreachableException(),
    };

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

    private static string? ReadSingle(IdentityClaims identity, string claimType, string[]? path)
    {
        foreach (Claim? claim in identity.Claims)
        {
            // A JSON claim may hold no value at all: the next claim of its type has its turn.
            if (IdentityClaims.Matches(claim, claimType) && JsonClaim.ReadFirst(claim, path) is { } value)
            {
                return value;
            }
        }

        return null;
    }

    private string JoinClaimTypes(string separator) => string.Join(separator, _claimTypes.Select(type => $"'{type}'"));

    private List<string> ReadList(in UserIdentities user, string claimType, int from)
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
                break;
            }
        }

        return items;
    }

    private object? ToValue(List<string> values) => (_format, values) switch
    {
        (_, []) => null,
        (ClaimValueFormat.Single, [var first, ..]) => first,
        _ => values,
    };
}
