using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Removes from a request the identity headers of this program's own clients, and the plain headers beside a proxy's assertion.
/// </summary>
internal sealed class InboundHeaders
{
    private readonly ClaimInjectionState[] _clients;
    private readonly IdentityAssertionScheme[] _assertions;

    private InboundHeaders(ClaimInjectionState[] clients, IdentityAssertionScheme[] assertions)
    {
        _clients = clients;
        _assertions = assertions;
    }

    /// <exception cref="InvalidOperationException">No client has AddClaimInjection.</exception>
    internal static InboundHeaders Create(IServiceProvider services)
    {
        ClaimInjectionState[] clients =
        [
            .. services.GetServices<ClaimInjectionClientName>()
                .Select(name => services.GetRequiredKeyedService<ClaimInjectionState>(name.Value)),
        ];

        IdentityAssertionScheme[] assertions =
        [
            .. services.GetServices<IdentityAssertionSchemeName>()
                .Select(name => services.GetRequiredKeyedService<IdentityAssertionScheme>(name.Value)),
        ];

        return clients.Length > 0
            ? new InboundHeaders(clients, assertions)
            : throw new InvalidOperationException(
                "UseIdentityHeaderStripping has no header names to go by, since no client has AddClaimInjection. Call it on the clients of "
                + "this application first, as in services.AddMcpClient(…).AddClaimInjection().");
    }

    /// <returns>How many headers were removed or changed.</returns>
    internal int Strip(IHeaderDictionary headers)
    {
        List<string>? stripped = null;
        foreach ((string name, StringValues _) in headers)
        {
            if (IsIdentityHeader(name))
            {
                (stripped ??= []).Add(name);
            }
        }

        stripped?.ForEach(name => headers.Remove(name));
        return (stripped?.Count ?? 0) + (StripConnection(headers) ? 1 : 0);
    }

    /// <summary>Removes identity headers from the list of those that the next proxy drops (RFC 9110, section 7.6.1).</summary>
    private bool StripConnection(IHeaderDictionary headers)
    {
        StringValues connection = headers.Connection;
        if (connection.Count == 0)
        {
            return false;
        }

        string[] entries =
        [
            .. connection.SelectMany(
                value => value?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? []),
        ];

        string[] others = Array.FindAll(entries, entry => !IsIdentityHeader(entry));
        if (others.Length == entries.Length)
        {
            return false;
        }

        headers.Remove(HeaderNames.Connection);
        if (others.Length > 0)
        {
            headers.Connection = string.Join(", ", others);
        }

        return true;
    }

    /// <summary>
    /// Whether it is an identity header name of a client, the name of a shared secret that the application knows, or that of a plain header
    /// beside a proxy's assertion. The assertion itself is left: its scheme verifies it, and removes it.
    /// </summary>
    internal bool IsIdentityHeader(string name)
    {
        foreach (ClaimInjectionState client in _clients)
        {
            if (client.Plan.HeaderNames.ContainsLeniently(name))
            {
                return true;
            }
        }

        // No lambda: asked for each header of each request, it would allocate each time.
        foreach (IdentityAssertionScheme scheme in _assertions)
        {
            if (scheme.Plan.IsCompanion(name))
            {
                return true;
            }
        }

        return false;
    }
}
