using System.Runtime.InteropServices;
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
    /// Reads the header's value, encoded. The first type with a value wins, in the user's own identity first and then in each that
    /// contributes, so that no other identity's claim displaces the user's own.
    /// </summary>
    /// <exception cref="FormatException">A value cannot be sent. The message says why, and does not quote it.</exception>
    internal string? Read(in UserIdentities user, HeaderValueEncoding encoding)
    {
        for (int identity = 0; identity < user.Count; identity++)
        {
            foreach (string type in _claimTypes)
            {
                string? value = _format == ClaimValueFormat.Single
                    ? ReadSingle(user[identity], type, encoding)
                    : ReadList(user, type, from: identity);
                if (value is not null)
                {
                    return value;
                }
            }
        }

        return null;
    }

    private string? ReadSingle(ClaimsIdentity identity, string claimType, HeaderValueEncoding encoding)
    {
        foreach (Claim claim in UserIdentities.ClaimsOf(identity))
        {
            // A JSON claim may hold no value at all: the next claim of its type has its turn.
            if (UserIdentities.Matches(claim, claimType) && JsonClaim.ReadFirst(claim, _path) is { } value)
            {
                return HeaderValueEncoder.EncodeSingle(value, encoding);
            }
        }

        return null;
    }

    private string? ReadList(in UserIdentities user, string claimType, int from)
    {
        List<string> items = [];
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
                return null;
            }
        }

        ReadOnlySpan<string> span = CollectionsMarshal.AsSpan(items);
        return _format == ClaimValueFormat.JsonArray
            ? HeaderValueEncoder.EncodeJsonArray(span)
            : HeaderValueEncoder.EncodeCommaSeparated(span);
    }
}
