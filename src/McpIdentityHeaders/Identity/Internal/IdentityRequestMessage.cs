using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The clone that carries identity headers, and the user that they are decided for. Only this type is ever written in place: no handler
/// outside this library can make an instance.
/// </summary>
/// <remarks>Never disposed: disposing it would dispose the caller's content.</remarks>
internal sealed class IdentityRequestMessage : HttpRequestMessage
{
    private IdentityRequestMessage(HttpRequestMessage source, ClaimsPrincipal user)
        : base(source.Method, source.RequestUri) => User = user;

    /// <summary>Gets the user, or an anonymous principal.</summary>
    internal ClaimsPrincipal User { get; }

    /// <summary>Gets or sets the headers with values to be written as UTF-8, or null for none.</summary>
    internal IdentityHeaderNames? RawUtf8Names { get; set; }

    /// <summary>Gets whether a handler outside this library may stand between those that make the clone and that write to it.</summary>
    internal bool IsSeenByOthers { get; init; } = true;

    internal static IdentityRequestMessage Create(HttpRequestMessage source, ClaimsPrincipal user, bool isSeenByOthers = true)
    {
        var clone = new IdentityRequestMessage(source, user) { IsSeenByOthers = isSeenByOthers };
        RequestCloning.Copy(source, clone);
        return clone;
    }

    /// <summary>Makes a clone of all but the headers: the caller copies those that it lets through.</summary>
    internal static IdentityRequestMessage CreateWithoutHeaders(HttpRequestMessage source, ClaimsPrincipal user)
    {
        var clone = new IdentityRequestMessage(source, user);
        RequestCloning.CopyRest(source, clone);
        return clone;
    }
}
