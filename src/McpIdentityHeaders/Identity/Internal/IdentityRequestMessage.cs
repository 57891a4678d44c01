using System.Security.Claims;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The clone that carries identity headers, and the user that they are decided for. Only this type is ever written in place: no handler
/// outside this library can make an instance.
/// </summary>
/// <remarks>Never disposed: disposing it would dispose the caller's content.</remarks>
internal sealed class IdentityRequestMessage : HttpRequestMessage
{
    internal IdentityRequestMessage(HttpRequestMessage source, ClaimsPrincipal user)
        : base(source.Method, source.RequestUri)
    {
        User = user;
        RequestCloning.Copy(source, this);
    }

    /// <summary>Gets the user, or an anonymous principal.</summary>
    internal ClaimsPrincipal User { get; }

    /// <summary>Gets or sets the headers with values to be written as UTF-8, or null for none.</summary>
    internal IdentityHeaderNames? RawUtf8Names { get; set; }
}
