using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Decides which user a request runs for, once, for the handlers of this library behind it.</summary>
/// <remarks>
/// <para>
/// In the pipeline it stands behind <see cref="SameOriginRedirectHandler"/> and before <see cref="ClaimInjectionHandler"/>.
/// <c>AddClaimInjection</c> puts it there. It is needed only there: a <see cref="ClaimInjectionHandler"/> alone decides for itself.
/// </para>
/// <para>
/// The first source that has an answer decides: <see cref="HttpRequestMessageIdentityExtensions.SetUser"/>; the MCP session's user, for the
/// requests that belong to the session itself (GET, DELETE, what its message loop sends); <see cref="IIdentityAccessor.User"/>; the MCP
/// session's user, for all of its other requests.
/// </para>
/// <para>
/// A signed-in user's request goes on as a clone that carries the decision. An anonymous or unknown user's request goes on as it is.
/// </para>
/// <para>It holds no user: one instance serves all users at once.</para>
/// </remarks>
public sealed class IdentityHandler : DelegatingHandler
{
    private readonly IIdentityAccessor _accessor;

    /// <summary>Makes a handler that asks <paramref name="accessor"/> for each request.</summary>
    /// <param name="accessor">Gives the user of the current flow.</param>
    /// <exception cref="ArgumentNullException"><paramref name="accessor"/> is <see langword="null"/>.</exception>
    public IdentityHandler(IIdentityAccessor accessor)
    {
        ArgumentNullException.ThrowIfNull(accessor);

        _accessor = accessor;
    }

    /// <summary>
    /// Gets or sets whether the injection handler is right behind this one. It copies the headers then, as it checks them, and shows the
    /// caller the request that it knows.
    /// </summary>
    internal bool IsRightBeforeInjection { get; set; }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        HttpRequestMessage outgoing = Decide(request);
        return outgoing == request || IsRightBeforeInjection
            ? base.Send(outgoing, cancellationToken)
            : SendCloneAsync(outgoing, request, async: false, cancellationToken).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        HttpRequestMessage outgoing = Decide(request);
        return outgoing == request || IsRightBeforeInjection
            ? base.SendAsync(outgoing, cancellationToken)
            : SendCloneAsync(outgoing, request, async: true, cancellationToken);
    }

    /// <summary>Gives the message to send: a clone that carries the signed-in user; the request itself where there is none.</summary>
    private HttpRequestMessage Decide(HttpRequestMessage request)
    {
        if (request is IdentityRequestMessage
            || IdentityResolver.Resolve(request, _accessor) is not { } user
            || UserSelector.IsAnonymous(user))
        {
            return request;
        }

        return IsRightBeforeInjection
            ? IdentityRequestMessage.CreateWithoutHeaders(request, user)
            : IdentityRequestMessage.Create(request, user);
    }

    private async Task<HttpResponseMessage> SendCloneAsync(
        HttpRequestMessage clone, HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = async
            ? await base.SendAsync(clone, cancellationToken).ConfigureAwait(false)
            : base.Send(clone, cancellationToken);

        // The caller and its loggers see the request that they know.
        response.RequestMessage = request;
        return response;
    }
}
