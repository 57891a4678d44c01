using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The clone that carries identity headers, and for whom it was decided to. Only an instance of this type is ever written in place: no
/// handler of anyone else's can make one, so it can be nobody else's request.
/// </summary>
/// <remarks>Never disposed by us: that would dispose the content, which is the caller's.</remarks>
internal sealed class IdentityRequestMessage : HttpRequestMessage
{
    private IdentityRequestMessage(HttpRequestMessage source, ClaimsPrincipal user, bool saysWhose)
        : base(source.Method, source.RequestUri)
    {
        User = user;
        RequestCloning.CopyAllButHeaders(source, this, saysWhose);
    }

    /// <summary>Gets the user, or nobody.</summary>
    internal ClaimsPrincipal User { get; }

    /// <summary>Gets or sets the headers whose values are to be written as UTF-8, or null for none.</summary>
    internal IdentityHeaderNames? RawUtf8Names { get; set; }

    /// <summary>Makes a clone without headers, for a caller that adds those it lets through.</summary>
    internal static IdentityRequestMessage WithoutHeaders(HttpRequestMessage source, ClaimsPrincipal user, bool saysWhose) =>
        new(source, user, saysWhose);

    internal static IdentityRequestMessage CloneOf(HttpRequestMessage source, ClaimsPrincipal user)
    {
        var clone = new IdentityRequestMessage(source, user, saysWhose: true);
        RequestCloning.CopyHeaders(source, clone);
        return clone;
    }
}
