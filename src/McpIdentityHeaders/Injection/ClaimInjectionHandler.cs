using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Sets the user's identity headers on a clone of each request, and removes what anyone else put under their names.</summary>
/// <remarks>
/// <para>
/// In the pipeline it stands innermost, right before the primary handler, so that every retry and every re-routed request is judged as it
/// really goes out. <c>AddClaimInjection</c> puts it there, behind <see cref="SameOriginRedirectHandler"/> and <see cref="IdentityHandler"/>.
/// Without a container: <c>new ClaimInjectionHandler(accessor) { InnerHandler = new SocketsHttpHandler() }</c>. Before its first request it
/// turns off redirects and cookies of the primary handler, since both would carry one user's identity elsewhere; put a
/// <see cref="SameOriginRedirectHandler"/> in front to have redirects followed safely.
/// </para>
/// <para>
/// Where there is no identity to set and nothing to remove, the very same request goes on. Otherwise a clone does: the caller's request and
/// its headers are never modified, and the clone shares its content.
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
    private readonly bool _isHardened;
    private readonly Lock _preparing = new();
    private bool _isLast;
    private volatile bool _hasSent;

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
        Client = new ClaimInjectionClient(options);
    }

    /// <summary>A handler of a container's pipeline, whose primary handler has been hardened already.</summary>
    internal ClaimInjectionHandler(IIdentityAccessor accessor, ClaimInjectionClient client)
    {
        _accessor = accessor;
        Client = client;
        _isHardened = true;
    }

    internal ClaimInjectionClient Client { get; }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendForAsync(_accessor, request, async: false, cancellationToken).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendForAsync(_accessor, request, async: true, cancellationToken);
    }

    /// <summary>Sends for whoever it is by the accessor, which is that of the identity handler where one stands directly in front.</summary>
    internal Task<HttpResponseMessage> SendForAsync(
        IIdentityAccessor accessor, HttpRequestMessage request, bool async, CancellationToken cancellationToken) =>
        request is IdentityRequestMessage own
            ? SendInPlaceAsync(own, async, cancellationToken)
            : SendCloneAsync(accessor, request, redirects: null, async, cancellationToken);

    /// <summary>
    /// Sends a request that is no clone of ours. Redirects are followed from here where the handler for them stands directly in front of this
    /// block: both have to wait for the answer, and one state machine does for the two.
    /// </summary>
    internal Task<HttpResponseMessage> SendCloneAsync(
        IIdentityAccessor accessor,
        HttpRequestMessage request,
        SameOriginRedirectHandler? redirects,
        bool async,
        CancellationToken cancellationToken)
    {
        // Not an async method, which would allocate a task also for an answer that is there at once; but as in one, what is thrown is in the
        // task, and what handlers behind leave in the flow of execution does not decide whose the caller's next request is.
        ExecutionContext? flow = ExecutionContext.Capture();
        Task<HttpResponseMessage> answer;
        SentRequest sent;
        int hops;
        try
        {
            // Read before anything is sent: settings that change meanwhile do not count for this request.
            hops = redirects?.MaxRedirections ?? 0;
            ClaimsPrincipal? user = IdentityResolver.Resolve(request, accessor);
            Prepare();
            ClaimInjectionPlan plan = Client.Plan;
            HttpRequestMessage outgoing = ClaimInjection.Apply(request, user, Client, plan, _isLast, out bool carriesIdentity);
            answer = (flow, async) switch
            {
                (null, _) => SendWithoutFlowAsync(outgoing, async, cancellationToken),
                (_, true) => base.SendAsync(outgoing, cancellationToken),
                _ => Task.FromResult(base.Send(outgoing, cancellationToken)),
            };
            NoteSent();

            if (answer.IsCompletedSuccessfully && !Redirection.IsRedirect(answer.Result))
            {
                answer.Result.RequestMessage = request;
                return answer;
            }

            sent = new SentRequest(request, plan, carriesIdentity, isItself: outgoing == request);
        }
        catch (Exception thrown)
        {
            return FailedAnswer.Of(thrown);
        }
        finally
        {
            if (flow is not null && flow != ExecutionContext.Capture())
            {
                ExecutionContext.Restore(flow);
            }
        }

        return AwaitAsync(answer, sent, redirects, hops, async, cancellationToken);
    }

    /// <summary>Sends while the flow of execution is suppressed: it cannot be captured then, but an async method restores it all the same.</summary>
    private async Task<HttpResponseMessage> SendWithoutFlowAsync(
        HttpRequestMessage outgoing, bool async, CancellationToken cancellationToken) =>
        async ? await base.SendAsync(outgoing, cancellationToken).ConfigureAwait(false) : base.Send(outgoing, cancellationToken);

    private static async Task<HttpResponseMessage> AwaitAsync(
        Task<HttpResponseMessage> answer,
        SentRequest sent,
        SameOriginRedirectHandler? redirects,
        int hops,
        bool async,
        CancellationToken cancellationToken)
    {
        ExecutionFlow.RestoreSuppressedFlow();
        HttpResponseMessage response = await answer.ConfigureAwait(false);
        sent.Clean(response);

        return redirects is not null && Redirection.IsRedirect(response)
            ? await redirects.FollowAsync(response, sent.Request, hops, async, cancellationToken).ConfigureAwait(false)
            : response;
    }

    /// <summary>Sends a clone of ours from further out. It is written in place, and handlers in between see it again: it is left clean.</summary>
    private async Task<HttpResponseMessage> SendInPlaceAsync(IdentityRequestMessage own, bool async, CancellationToken cancellationToken)
    {
        Prepare();
        ClaimInjectionPlan plan = Client.Plan;
        HttpResponseMessage response;
        bool carriesIdentity;
        try
        {
            ClaimInjection.Apply(own, own.User, Client, plan, _isLast, out carriesIdentity);
            response = async
                ? await base.SendAsync(own, cancellationToken).ConfigureAwait(false)
                : base.Send(own, cancellationToken);
            NoteSent();
        }
        finally
        {
            ClaimInjection.Clear(own, plan.HeaderNames);
        }

        new SentRequest(own, plan, carriesIdentity, isItself: true).Clean(response);
        return response;
    }

    /// <summary>
    /// Before the first request that is sent: from then on the handlers behind cannot be changed any more. After one that was only refused they
    /// can be, and are looked at anew.
    /// </summary>
    private void Prepare()
    {
        if (_hasSent)
        {
            return;
        }

        lock (_preparing)
        {
            if (!_isHardened)
            {
                PrimaryHandlerHardening.Harden(InnerHandler, Client);
            }

            _isLast = FrameworkHandlers.AreAll(InnerHandler);
        }
    }

    private void NoteSent()
    {
        // Read first: what all requests write to is in no processor's cache.
        if (!_hasSent)
        {
            _hasSent = true;
        }
    }
}
