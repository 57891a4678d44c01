using System.Security.Claims;

namespace McpIdentityHeaders;

/// <summary>Gives the end user on whose behalf the current flow of execution runs.</summary>
/// <remarks>
/// The handlers read it each time a request goes out and never write to it. Register an implementation as a singleton that reads ambient
/// state: handlers made by <see cref="IHttpClientFactory"/> live for minutes and serve all users, so a scoped implementation would answer
/// for the handler's scope and not for the request's. The default one reads <see cref="AmbientIdentity"/>.
/// </remarks>
public interface IIdentityAccessor
{
    /// <summary>Gets the user of the current flow.</summary>
    /// <value>
    /// A principal with an authenticated identity is a user. A principal without one is anonymous, and that is final: no other
    /// source is asked. <see langword="null"/> means unknown: a timer, a dispose, a background task.
    /// </value>
    ClaimsPrincipal? User { get; }
}
