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
    private readonly bool _isInBlock;

    /// <summary>Makes a handler that asks <paramref name="accessor"/> for each request.</summary>
    /// <param name="accessor">Gives the user of the current flow.</param>
    /// <exception cref="ArgumentNullException"><paramref name="accessor"/> is <see langword="null"/>.</exception>
    public IdentityHandler(IIdentityAccessor accessor)
    {
        ArgumentNullException.ThrowIfNull(accessor);

        _accessor = accessor;
    }

    /// <summary>A handler of the block that AddClaimInjection adds: the injection handler is right behind it.</summary>
    internal IdentityHandler(IIdentityAccessor accessor, bool isInBlock)
        : this(accessor) => _isInBlock = isInBlock;

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return CreateClone(request) is { } clone
            ? SendCloneAsync(clone, request, async: false, cancellationToken).GetAwaiter().GetResult()
            : base.Send(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return CreateClone(request) is { } clone
            ? SendCloneAsync(clone, request, async: true, cancellationToken)
            : base.SendAsync(request, cancellationToken);
    }

    /// <summary>Makes the clone that carries a signed-in user; null where the request goes on as it is.</summary>
    private IdentityRequestMessage? CreateClone(HttpRequestMessage request) =>
        request is not IdentityRequestMessage
        && IdentityResolver.Resolve(request, _accessor) is { } user
        && !UserSelector.IsAnonymous(user)
            ? IdentityRequestMessage.Create(request, user, isSeenByOthers: !_isInBlock)
            : null;

    private async Task<HttpResponseMessage> SendCloneAsync(
        IdentityRequestMessage clone, HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = async
            ? await base.SendAsync(clone, cancellationToken).ConfigureAwait(false)
            : base.Send(clone, cancellationToken);

        // The caller and its loggers see the request that they know.
        response.RequestMessage = request;
        return response;
    }
}
