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

    /// <summary>
    /// Gets or sets the user that the headers name, for what sees the message behind: <see cref="AssertedClaims"/> where an assertion is to
    /// say the same. Null where nothing behind needs it, or the message carries no identity.
    /// </summary>
    internal CarriedUser? CarriedUser { get; set; }

    /// <summary>Gets or sets the headers with values to be written as UTF-8, or null for none.</summary>
    internal IdentityHeaderNames? RawUtf8Names { get; set; }

    /// <summary>Gets or sets the request that the headers are still to be copied from; null where they have been.</summary>
    internal HttpRequestMessage? HeaderSource { get; set; }

    internal static IdentityRequestMessage Create(HttpRequestMessage source, ClaimsPrincipal user)
    {
        var clone = new IdentityRequestMessage(source, user);
        RequestCloning.Copy(source, clone);
        return clone;
    }

    /// <summary>Makes a clone of all but the headers: the caller copies those that it lets through.</summary>
    internal static IdentityRequestMessage CreateWithoutHeaders(HttpRequestMessage source, ClaimsPrincipal user)
    {
        var clone = new IdentityRequestMessage(source, user) { HeaderSource = source };
        RequestCloning.CopyRest(source, clone);
        return clone;
    }
}
