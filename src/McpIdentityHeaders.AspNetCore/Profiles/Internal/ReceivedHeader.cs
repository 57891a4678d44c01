using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One header, compiled: the claims that it becomes.</summary>
internal sealed class ReceivedHeader
{
    private const string Issuer = "iss";

    private readonly Func<string, ReceivedClaims, bool> _read;

    /// <summary>Creates a header that becomes claims of one type.</summary>
    /// <param name="name">The header's name.</param>
    /// <param name="claimType">The claims' type.</param>
    /// <param name="decode">Decodes the header's value; null where it is malformed.</param>
    internal ReceivedHeader(string name, string claimType, Func<string, IReadOnlyList<string>?> decode)
    {
        Name = name;
        ClaimType = claimType;
        IsIssuer = claimType == Issuer;
        _read = (value, claims) => Read(decode(value), claims);
    }

    /// <summary>Creates a header that holds claims of several types.</summary>
    /// <param name="name">The header's name.</param>
    /// <param name="read">Adds them. False where the header's value is malformed.</param>
    internal ReceivedHeader(string name, Func<string, ReceivedClaims, bool> read)
    {
        Name = name;
        _read = read;
    }

    internal string Name { get; }

    /// <summary>Gets the type of the claims; null where the header itself says it.</summary>
    internal string? ClaimType { get; }

    /// <summary>Gets the setting that says what form values have, and what it is set to; null where a profile says it.</summary>
    internal string? Form { get; init; }

    internal bool Required { get; init; }

    internal bool IsList { get; init; }

    internal bool IsSubject { get; init; }

    internal bool IsIssuer { get; init; }

    /// <summary>Gets whether a blank header counts as one that did not come.</summary>
    internal bool IgnoresBlank { get; init; }

    /// <summary>Gets whether it counts only where no header in front has a claim of its type.</summary>
    internal bool IsFallback { get; init; }

    internal bool IsNamed(string headerName) => HeaderAlias.EqualsLeniently(Name, headerName);

    /// <summary>Adds the claims of a value that is not blank.</summary>
    /// <returns>Whether the value is in its canonical form.</returns>
    internal bool Read(string value, ReceivedClaims claims) => _read(value, claims);

    /// <summary>Compiles a header of several claims, of which each becomes one of its first claim type.</summary>
    internal static ReceivedHeader CreateObject(ClaimHeader header, IList<string> subjectClaimTypes)
    {
        ClaimObjectProperty[] properties = ClaimObjectProperty.CreateAll(header.ClaimTypes);
        string? subject = properties.SelectMany(property => property.ClaimTypes).FirstOrDefault(subjectClaimTypes.Contains);
        return new ReceivedHeader(header.HeaderName, (value, claims) =>
            HeaderValueDecoder.DecodeObject(value, header.Format, properties) is { } decoded
            && decoded.Properties.All(property => Add(property, header.Format, properties, subject, claims))
            && AddTypes(decoded, header.Format, claims))
        {
            Form = $"Format '{header.Format}'",
            Required = header.Required,
            IsSubject = subject is not null,
            IsIssuer = header.ClaimTypes.Contains(Issuer),
        };
    }

    /// <summary>Adds what one name has. False where a subject or an issuer has several values.</summary>
    private static bool Add(
        (string Name, IReadOnlyList<string> Values) received,
        ClaimValueFormat format,
        ClaimObjectProperty[] properties,
        string? subject,
        ReceivedClaims claims)
    {
        bool isPrincipal = format == ClaimValueFormat.ClientPrincipal;
        ClaimObjectProperty property = Array.Find(
            properties, known => isPrincipal ? known.ClaimTypes.Contains(received.Name) : known.Name == received.Name)!;
        bool isSubject = subject is not null && property.ClaimTypes.Contains(subject);
        bool isIssuer = property.ClaimTypes.Contains(Issuer);
        if (received.Values.Count > 1 && (isSubject || isIssuer))
        {
            return false;
        }

        string type = isSubject ? subject! : isPrincipal ? received.Name : property.ClaimTypes[0];
        claims.SubjectClaimType = isSubject ? type : claims.SubjectClaimType;
        claims.Issuer = isIssuer ? received.Values[0] : claims.Issuer;
        foreach (string value in received.Values)
        {
            claims.Add(type, value);
        }

        return true;
    }

    private static bool AddTypes(ClaimObject decoded, ClaimValueFormat format, ReceivedClaims claims)
    {
        if (format == ClaimValueFormat.ClientPrincipal)
        {
            (claims.NameClaimType, claims.RoleClaimType) = (decoded.NameClaimType, decoded.RoleClaimType);
        }

        return true;
    }

    private bool Read(IReadOnlyList<string>? values, ReceivedClaims claims)
    {
        if (values is null)
        {
            return false;
        }

        if (IsSubject)
        {
            claims.SubjectClaimType = ClaimType;
        }

        if (IsIssuer)
        {
            claims.Issuer = values[0];
        }

        foreach (string value in IsFallback && claims.Has(ClaimType!) ? [] : values)
        {
            claims.Add(ClaimType!, value);
        }

        return true;
    }
}
