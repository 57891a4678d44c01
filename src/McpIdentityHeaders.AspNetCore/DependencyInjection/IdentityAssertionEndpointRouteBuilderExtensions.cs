using System.Diagnostics.CodeAnalysis;
using McpIdentityHeaders.AspNetCore.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Publishes the keys of this program's identity assertions.</summary>
public static class IdentityAssertionEndpointRouteBuilderExtensions
{
    private const string Discovery = "/.well-known/openid-configuration";

    /// <summary>
    /// Maps the public keys of all clients that send assertions, as a JWK set (RFC 7517), and <c>/.well-known/openid-configuration</c>,
    /// which points to it.
    /// </summary>
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="pattern">The key set's path.</param>
    /// <returns>A builder for both endpoints. They allow anonymous callers: the keys are public.</returns>
    /// <remarks>
    /// Only the public parameters are ever written. Both may be cached for 5 minutes and have an <c>ETag</c>; a key's file that has changed
    /// is seen within seconds. The second endpoint answers 404 unless all clients have one <c>Issuer</c>, and it is an http or https URI:
    /// that of this program as verifiers see it.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// <paramref name="pattern"/> is no path: it does not start with <c>/</c>, or has a parameter.
    /// </exception>
    /// <exception cref="InvalidOperationException">No client sends assertions.</exception>
    public static IEndpointConventionBuilder MapIdentityAssertionKeys(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/.well-known/jwks.json")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);

        if (!pattern.StartsWith('/') || pattern.Contains('{', StringComparison.Ordinal))
        {
            throw new ArgumentException("The pattern is no fixed path. Give one such as '/.well-known/jwks.json'.", nameof(pattern));
        }

        var documents = new AssertionKeyDocuments(endpoints.ServiceProvider, pattern);
        if (!documents.HasClients)
        {
            throw new InvalidOperationException(
                "No client sends assertions, so there are no keys to publish. Call AddIdentityAssertion(…) on a client's builder.");
        }

        RouteGroupBuilder group = endpoints.MapGroup(string.Empty);
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        group.MapMethods(pattern, methods, documents.WriteKeysAsync);
        group.MapMethods(Discovery, methods, documents.WriteDiscoveryAsync);
        return group.AllowAnonymous();
    }
}
