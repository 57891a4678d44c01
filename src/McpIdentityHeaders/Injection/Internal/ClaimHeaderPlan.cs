using System.Runtime.InteropServices;
using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>One header, compiled: how its value is read from a user's claims.</summary>
internal sealed class ClaimHeaderPlan
{
    private readonly string[] _claimTypes;
    private readonly int[] _indexes;
    private readonly int _types;
    private readonly string[]? _path;
    private readonly ClaimValueFormat _format;

    internal ClaimHeaderPlan(ClaimHeader header, ClaimTypeIndex types)
    {
        Name = header.HeaderName;
        Required = header.Required;
        _claimTypes = [.. header.ClaimTypes];
        _indexes = Array.ConvertAll(_claimTypes, types.IndexOf);
        _types = types.Count;
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
    /// Reads a value of the user's own identity that goes as it is, if that is what wins. Nearly every value does, and needs none of the room
    /// that all else takes.
    /// </summary>
    internal string? ReadPlain(ReadOnlySpan<Claim?> found, HeaderValueEncoding encoding)
    {
        if (_format != ClaimValueFormat.Single)
        {
            return null;
        }

        foreach (int type in _indexes)
        {
            if (found[type] is { } first)
            {
                return JsonClaim.IsJson(first, _path) ? null : HeaderValueEncoder.EncodePlain(first.Value, encoding);
            }
        }

        return null;
    }

    /// <summary>
    /// Reads the header's value, encoded. The claim type that wins is looked for in the user's own identity first and then in each that
    /// contributes, so that no identity's claim displaces the user's own.
    /// </summary>
    /// <param name="user">The user's identities.</param>
    /// <param name="found">The first claim of each type in each identity, those of one identity after those of the one before it.</param>
    /// <param name="encoding">How single values are encoded.</param>
    /// <exception cref="FormatException">A value cannot be sent. The message says why, and does not quote it.</exception>
    internal string? Read(in UserIdentities user, ReadOnlySpan<Claim?> found, HeaderValueEncoding encoding)
    {
        for (int identity = 0; identity < user.Count; identity++)
        {
            foreach (int type in _indexes)
            {
                if (found[(identity * _types) + type] is not { } first)
                {
                    continue;
                }

                if (_format == ClaimValueFormat.Single)
                {
                    if (ReadFirst(user[identity], first) is { } value)
                    {
                        return HeaderValueEncoder.EncodeSingle(value, encoding);
                    }
                }
                else if (ReadAll(user, first.Type, from: identity) is { Count: > 0 } items)
                {
                    ReadOnlySpan<string> span = CollectionsMarshal.AsSpan(items);
                    return _format == ClaimValueFormat.JsonArray
                        ? HeaderValueEncoder.EncodeJsonArray(span)
                        : HeaderValueEncoder.EncodeCommaSeparated(span);
                }
            }
        }

        return null;
    }

    private string? ReadFirst(ClaimsIdentity identity, Claim first)
    {
        if (!JsonClaim.IsJson(first, _path))
        {
            return first.Value;
        }

        // Rare: a JSON claim may hold no value at all, and then the next claim of its type has its turn.
        var items = new List<string>();
        foreach (Claim candidate in UserIdentities.ClaimsOf(identity))
        {
            if (UserIdentities.Matches(candidate, first.Type))
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
            foreach (Claim claim in UserIdentities.ClaimsOf(user[index]))
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
