using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>One header, compiled: how its value is read from a user's claims.</summary>
internal sealed class ClaimHeaderPlan
{
    private readonly string[] _claimTypes;
    private readonly string[]? _path;
    private readonly ClaimValueFormat _format;

    internal ClaimHeaderPlan(ClaimHeader header)
    {
        Name = header.HeaderName;
        Required = header.Required;
        _claimTypes = [.. header.ClaimTypes];
        _path = header.JsonPath?.Split('.');
        _format = header.Format;
        MayBeOmitted = !Required && !_claimTypes.Any(type => type is "sub" or ClaimTypes.NameIdentifier);
    }

    internal string Name { get; }

    internal bool Required { get; }

    /// <summary>Gets whether the header may be left out for its size: it is not required, and not the subject's.</summary>
    internal bool MayBeOmitted { get; }

    internal string ClaimTypesForMessage => string.Join(", ", _claimTypes.Select(type => $"'{type}'"));

    /// <summary>
    /// Reads the header's value, encoded. The claim type that wins is looked for in the user's own identity first and then in each that
    /// contributes, so that no identity's claim displaces the user's own.
    /// </summary>
    /// <exception cref="FormatException">A value cannot be sent. The message says why, and does not quote it.</exception>
    internal string? Read(in UserIdentities user, HeaderValueEncoding encoding)
    {
        for (int index = 0; index < user.Count; index++)
        {
            foreach (string claimType in _claimTypes)
            {
                if (_format == ClaimValueFormat.Single)
                {
                    if (ReadFirst(user[index], claimType) is { } value)
                    {
                        return HeaderValueEncoder.EncodeSingle(value, encoding);
                    }
                }
                else if (ReadAll(user, claimType, from: index) is { Count: > 0 } items)
                {
                    return _format == ClaimValueFormat.JsonArray
                        ? HeaderValueEncoder.EncodeJsonArray(items)
                        : HeaderValueEncoder.EncodeCommaSeparated(items);
                }
            }
        }

        return null;
    }

    private string? ReadFirst(ClaimsIdentity identity, string claimType)
    {
        Claim? claim = UserIdentities.FindFirst(identity, claimType);
        if (claim is null || !JsonClaim.IsJson(claim, _path))
        {
            return claim?.Value;
        }

        // Rare: a JSON claim may hold no value at all, and then the next claim of its type has its turn.
        var items = new List<string>();
        foreach (Claim candidate in identity.Claims)
        {
            if (UserIdentities.Matches(candidate, claimType))
            {
                JsonClaim.AddItems(candidate, _path, items);
                if (items.Count > 0)
                {
                    return items[0];
                }
            }
        }

        return null;
    }

    private List<string> ReadAll(in UserIdentities user, string claimType, int from)
    {
        var items = new List<string>();
        for (int index = from; index < user.Count; index++)
        {
            foreach (Claim claim in user[index].Claims)
            {
                if (UserIdentities.Matches(claim, claimType))
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
}
