using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>Header lines that a proxy sends, and the user that they make.</summary>
/// <param name="Profile">The proxy.</param>
/// <param name="Lines">The header lines, sent as their UTF-8 bytes.</param>
/// <param name="Claims">The claims, as "type=value"; null where the request is refused.</param>
internal sealed record ProfileCase(IdentityHeadersProfile Profile, string[] Lines, string[]? Claims)
{
    /// <summary>Gets the lines with a character for each byte.</summary>
    public string[] WireLines => [.. Lines.Select(line => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(line)))];
}
