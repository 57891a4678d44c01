using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Decides on whose behalf a request goes out, once, for the handlers of ours behind it.</summary>
/// <remarks>
/// <para>
/// In the pipeline it stands behind <see cref="SameOriginRedirectHandler"/> and before <see cref="ClaimInjectionHandler"/>.
/// <c>AddClaimInjection</c> puts it there. It is needed only there: a <see cref="ClaimInjectionHandler"/> alone decides for itself.
/// </para>
/// <para>
/// The first that says something decides: <see cref="HttpRequestMessageIdentityExtensions.SetUser"/>; the MCP session's user, for the
/// requests that belong to the session itself (GET, DELETE, what its message loop sends); <see cref="IIdentityAccessor.User"/>; the MCP
/// session's user, for all of its other requests.
/// </para>
/// <para>It holds no user: one instance serves all users at once.</para>
/// </remarks>
public sealed class IdentityHandler : DelegatingHandler
{
    /// <summary>Makes a handler that asks <paramref name="accessor"/> for each request.</summary>
    /// <param name="accessor">Gives the user of the current flow.</param>
    /// <exception cref="ArgumentNullException"><paramref name="accessor"/> is <see langword="null"/>.</exception>
    public IdentityHandler(IIdentityAccessor accessor)
    {
        ArgumentNullException.ThrowIfNull(accessor);

        Accessor = accessor;
    }

    internal IIdentityAccessor Accessor { get; }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendCoreAsync(request, async: false, cancellationToken).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendCoreAsync(request, async: true, cancellationToken);
    }

    // Handing the decision on by a call keeps it out of the request, which stays the caller's own where nothing is to be set.
    private Task<HttpResponseMessage> SendCoreAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken) =>
        InnerHandler is ClaimInjectionHandler injection
            ? injection.SendForAsync(Accessor, request, async, cancellationToken)
            : SendMarkedAsync(request, async, cancellationToken);

    /// <summary>Carries the decision on a clone, past handlers that are not ours.</summary>
    private async Task<HttpResponseMessage> SendMarkedAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        ClaimsPrincipal? user = IdentityResolver.Resolve(request, Accessor);
        if (user is null || request is IdentityRequestMessage)
        {
            return await SendInnerAsync(request, async, cancellationToken).ConfigureAwait(false);
        }

        IdentityRequestMessage clone = IdentityRequestMessage.CloneOf(request, user);
        HttpResponseMessage response = await SendInnerAsync(clone, async, cancellationToken).ConfigureAwait(false);
        response.RequestMessage = request;
        return response;
    }

    private ValueTask<HttpResponseMessage> SendInnerAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken) =>
        async ? new(base.SendAsync(request, cancellationToken)) : new(base.Send(request, cancellationToken));
}
