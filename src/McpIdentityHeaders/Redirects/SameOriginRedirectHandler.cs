using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Follows redirects in such a way that an identity never leaves its origin by one.</summary>
/// <remarks>
/// <para>
/// In the pipeline it stands before <see cref="IdentityHandler"/> and <see cref="ClaimInjectionHandler"/>, whose primary handler follows no
/// redirects itself. <c>AddClaimInjection</c> puts it there.
/// </para>
/// <para>
/// Within one origin (scheme, host and port) redirects are followed with the framework's rules for the method. A request that carries an
/// identity, or an owned header, is not followed anywhere else. A request without one is, as by the framework and without its
/// <c>Authorization</c>, but never from another origin into a trusted one, and never from https to http. What is not followed is returned as
/// it came; so is the redirect after the last hop, and one whose content might not be sent twice: content is repeated if it is null or one of
/// <see cref="ByteArrayContent"/> and what derives from it, <see cref="ReadOnlyMemoryContent"/>,
/// <see cref="System.Net.Http.Json.JsonContent"/> of a value that is not enumerated as it is written, <see cref="StreamContent"/> over a
/// stream that can seek, or <see cref="MultipartContent"/> of such. A sequence somewhere within a JSON value is
/// not looked for.
/// </para>
/// <para>
/// Each hop is a new request that the handlers behind judge afresh; one that has left its origin is nobody's from there on. The response's
/// <see cref="HttpResponseMessage.RequestMessage"/> is the last of them. The clone that a <see cref="ClaimInjectionHandler"/> or an
/// <see cref="IdentityHandler"/> further out has made is not followed here: the redirect is returned to them.
/// </para>
/// </remarks>
public sealed class SameOriginRedirectHandler : DelegatingHandler
{
    private readonly ClaimInjectionClient? _client;

    /// <summary>Makes a handler that follows at most <see cref="MaxRedirections"/> redirects.</summary>
    public SameOriginRedirectHandler()
    {
    }

    /// <summary>A handler of a container's pipeline, which follows as many as the options in force say.</summary>
    internal SameOriginRedirectHandler(ClaimInjectionClient client) => _client = client;

    /// <summary>Gets how many redirects in a row are followed.</summary>
    /// <value>The default value is 10; 0 follows none.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxRedirections
    {
        get => _client?.Plan.MaxRedirections ?? field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 10;

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

    // A clone of ours carries what handlers further out decided and set, which a hop from here would not: the redirect is theirs.
    private Task<HttpResponseMessage> SendCoreAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken) => request switch
    {
        IdentityRequestMessage => SendInnerAsync(request, async, cancellationToken),
        _ when InnerHandler is IdentityHandler { InnerHandler: ClaimInjectionHandler injection } identity =>
            injection.SendCloneAsync(identity.Accessor, request, redirects: this, async, cancellationToken),
        _ => SendAndFollowAsync(request, async, cancellationToken),
    };

    private async Task<HttpResponseMessage> SendAndFollowAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        // Read before anything is sent: settings that change meanwhile do not count for this request.
        int hops = MaxRedirections;
        Task<HttpResponseMessage> answer = SendInnerAsync(request, async, cancellationToken);
        ExecutionFlow.RestoreSuppressedFlow();
        return await FollowAsync(await answer.ConfigureAwait(false), request, hops, async, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Follows what may be followed, from the answer to a request that has been sent.</summary>
    internal async Task<HttpResponseMessage> FollowAsync(
        HttpResponseMessage response, HttpRequestMessage request, int hops, bool async, CancellationToken cancellationToken)
    {
        while (Redirection.IsRedirect(response) && hops-- > 0 && NextHop(request, response) is { } next)
        {
            response.Dispose();
            request = next;
            response = await SendInnerAsync(request, async, cancellationToken).ConfigureAwait(false);
        }

        return response;
    }

    // Async for what it does to the flow of execution: what handlers in between leave there does not decide whose the next hop is.
    private async Task<HttpResponseMessage> SendInnerAsync(HttpRequestMessage request, bool async, CancellationToken cancellationToken) =>
        async ? await base.SendAsync(request, cancellationToken).ConfigureAwait(false) : base.Send(request, cancellationToken);

    private HttpRequestMessage? NextHop(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } from || Redirection.GetUriForRedirect(response, from) is not { } target)
        {
            return null;
        }

        ClaimInjectionClient? client = _client ?? FindClient();
        if (!Origin.IsSame(from, target) && !CanFollowCrossOrigin(response, from, target, client))
        {
            return null;
        }

        if (!Redirection.IsAllowedTarget(from, target))
        {
            return null;
        }

        HttpRequestMessage? next = Redirection.NextHop(request, response.StatusCode, target);
        if (next is null)
        {
            client?.Logger.RedirectWithContentNotFollowed(client.Name);
        }

        return next;
    }

    private static bool CanFollowCrossOrigin(HttpResponseMessage response, Uri from, Uri target, ClaimInjectionClient? client)
    {
        if (RedirectIdentityMarker.IsMarked(response))
        {
            client?.RedirectRefused();
            client?.Logger.RedirectWithIdentityRefused(client.Name, new Origin(from), new Origin(target));
            return false;
        }

        if (client is not null && client.Plan.IsTrusted(target))
        {
            client.RedirectRefused();
            client.Logger.RedirectIntoTrustedOriginRefused(client.Name, new Origin(from), new Origin(target));
            return false;
        }

        return true;
    }

    /// <summary>Without a container, whose settings count is found in the handlers behind.</summary>
    private ClaimInjectionClient? FindClient()
    {
        for (HttpMessageHandler? handler = InnerHandler; handler is DelegatingHandler delegating; handler = delegating.InnerHandler)
        {
            if (delegating is ClaimInjectionHandler injection)
            {
                return injection.Client;
            }
        }

        return null;
    }
}
