using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Sets the user's identity headers on a clone of each request, and removes what the request carried under their names.</summary>
/// <remarks>
/// <para>
/// In the pipeline it stands innermost, right before the primary handler, so that every retry and every re-routed request is judged as it
/// really goes out. <c>AddClaimInjection</c> puts it there, behind <see cref="SameOriginRedirectHandler"/> and
/// <see cref="IdentityHandler"/>. Without a container: <c>new ClaimInjectionHandler(accessor) { InnerHandler = new SocketsHttpHandler()
/// }</c>. Before its first request it turns off redirects and cookies of the primary handler, since both would carry one user's identity
/// elsewhere; put a <see cref="SameOriginRedirectHandler"/> in front to have redirects followed safely.
/// </para>
/// <para>
/// Where there is no identity to set and nothing to remove, the very same request goes on. Otherwise a clone does: the caller's request and
/// its headers are never modified, and the clone shares its content.
/// </para>
/// <para>
/// The response to a request with identity headers becomes <c>Cache-Control: private</c>, unless no cache may store it: a cache in front,
/// which serves all users and does not see the headers, would answer another user with it.
/// </para>
/// <para>
/// Sending throws a <see cref="ClaimInjectionException"/>, before anything is sent, where the identity headers cannot be set safely, and an
/// <see cref="InvalidOperationException"/> where the primary handler has started and cannot be made safe any more, or cannot send
/// <see cref="HeaderValueEncoding.Utf8"/>. It holds no user: one instance serves all users at once.
/// </para>
/// </remarks>
public sealed class ClaimInjectionHandler : DelegatingHandler
{
    private readonly IIdentityAccessor _accessor;
    private readonly Func<ClaimInjector> _getInjector;
    private ForwardProxy _proxy = ForwardProxy.None;
    private volatile bool _isPrimaryHardened;

    /// <summary>Makes a handler with the default options, which serves every origin.</summary>
    /// <param name="accessor">Gives the user of the current flow.</param>
    /// <exception cref="ArgumentNullException"><paramref name="accessor"/> is <see langword="null"/>.</exception>
    public ClaimInjectionHandler(IIdentityAccessor accessor)
        : this(accessor, new ClaimInjectionOptions())
    {
    }

    /// <summary>Makes a handler with options of its own.</summary>
    /// <param name="accessor">Gives the user of the current flow.</param>
    /// <param name="options">The options. They are read once, here: later changes of the object have no effect.</param>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="options"/> are not valid. The message says what to change.</exception>
    public ClaimInjectionHandler(IIdentityAccessor accessor, ClaimInjectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(accessor);
        ArgumentNullException.ThrowIfNull(options);

        _accessor = accessor;
        var injector = new ClaimInjector(ClaimInjectionPlan.CreateStandalone(options), ClaimInjectionTelemetry.None);
        _getInjector = () => injector;
    }

    /// <summary>A handler of a container's pipeline, which has hardened the primary handler already.</summary>
    internal ClaimInjectionHandler(IIdentityAccessor accessor, ClaimInjectionState state, ForwardProxy? proxy = null)
    {
        _proxy = proxy ?? ForwardProxy.None;
        _accessor = accessor;
        _getInjector = () => state.Injector;
        _isPrimaryHardened = true;
    }

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

    private async Task<HttpResponseMessage> SendCoreAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        ClaimsPrincipal? user = IdentityResolver.Resolve(request, _accessor);

        // An identity handler right before this one has left the headers to be copied.
        IdentityRequestMessage? clone = request as IdentityRequestMessage;
        request = clone?.HeaderSource ?? request;

        // Snapshot: a reload must not affect a request in flight.
        ClaimInjector injector = _getInjector();
        if (!_isPrimaryHardened)
        {
            // Until a request has been sent, the handlers behind can still be replaced.
            HardenPrimary(injector.Plan.Encoding);
        }

        try
        {
            HttpRequestMessage outgoing = injector.Apply(request, clone, user, _proxy, out bool carriesIdentity);
            bool isForwarded = outgoing == request;
            HttpResponseMessage response = async
                ? await base.SendAsync(outgoing, cancellationToken).ConfigureAwait(false)
                : base.Send(outgoing, cancellationToken);
            if (!_isPrimaryHardened)
            {
                _isPrimaryHardened = true;
            }

            injector.Complete(response, request, isForwarded, carriesIdentity);
            return response;
        }
        finally
        {
            // A handler between an identity handler and this one sees its clone again.
            if (request == clone)
            {
                injector.RemoveIdentityHeaders(clone);
            }
        }
    }

    private void HardenPrimary(HeaderValueEncoding encoding) =>
        _proxy = new ForwardProxy(PrimaryHandlerHardening.Harden(InnerHandler, clientName: string.Empty, encoding).Handler);
}
