using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Follows redirects in such a way that an identity never leaves its origin by one.</summary>
/// <remarks>
/// <para>
/// In the pipeline it stands before <see cref="IdentityHandler"/> and <see cref="ClaimInjectionHandler"/>; the primary handler follows no
/// redirects itself. <c>AddClaimInjection</c> puts it there.
/// </para>
/// <para>
/// Within one origin (scheme, host and port) redirects are followed with the framework's rules for the method (RFC 9110, section 15.4). A
/// request that carries an identity, or a header under an identity header's name, is not followed anywhere else. A request without one is,
/// as by the framework and without its <c>Authorization</c>, but never from another origin into a trusted one, and never from https to
/// http. A request of an MCP session's to its endpoint's origin is never followed out of it.
/// </para>
/// <para>
/// What is not followed is returned as it came; so is the redirect after the last hop, and one with content that may not be sent twice.
/// Content is repeated if it is null or one of <see cref="ByteArrayContent"/> and what derives from it,
/// <see cref="ReadOnlyMemoryContent"/>, <see cref="System.Net.Http.Json.JsonContent"/> of a value that is not enumerated as it is written,
/// <see cref="StreamContent"/> over a stream that can seek, or <see cref="MultipartContent"/> of such. A sequence somewhere within a JSON
/// value is not looked for.
/// </para>
/// <para>
/// Each hop is a new request that the handlers behind judge afresh; one that has left its origin is anonymous from there on. The response's
/// <see cref="HttpResponseMessage.RequestMessage"/> is the last of them. The clone that a <see cref="ClaimInjectionHandler"/> or an
/// <see cref="IdentityHandler"/> further out has made is not followed here: the redirect is returned to them.
/// </para>
/// </remarks>
public sealed class SameOriginRedirectHandler : DelegatingHandler
{
    internal const int DefaultMaxRedirections = 10;

    private readonly Func<int>? _maxRedirections;

    /// <summary>Makes a handler that follows at most <see cref="MaxRedirections"/> redirects.</summary>
    public SameOriginRedirectHandler()
    {
    }

    /// <summary>A handler of a container's pipeline, with the limit of the options in force and of the primary handler.</summary>
    internal SameOriginRedirectHandler(Func<int> maxRedirections) => _maxRedirections = maxRedirections;

    /// <summary>Gets how many redirects in a row are followed.</summary>
    /// <value>
    /// The default value is 10; 0 follows none. In a container's pipeline it is the smaller of what the options and the primary handler
    /// allow: 0 where that has <c>AllowAutoRedirect = false</c>.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int MaxRedirections
    {
        get => _maxRedirections?.Invoke() ?? field;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = DefaultMaxRedirections;

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
        // Snapshot: a reload must not affect a request in flight.
        int remaining = MaxRedirections;

        // A suppressed flow cannot be captured. What inner handlers leave in the flow must not decide which user the next hop runs for.
        ExecutionFlow.RestoreSuppressedFlow();
        ExecutionContext flow = ExecutionContext.Capture()!;

        while (true)
        {
            HttpResponseMessage response = async
                ? await base.SendAsync(request, cancellationToken).ConfigureAwait(false)
                : base.Send(request, cancellationToken);

            if (remaining-- <= 0 || GetNextHop(request, response) is not { } next)
            {
                return response;
            }

            response.Dispose();
            request = next;
            ExecutionContext.Restore(flow);
        }
    }

    private static HttpRequestMessage? GetNextHop(HttpRequestMessage request, HttpResponseMessage response)
    {
        // An identity clone carries what handlers further out decided, and a hop from here would not.
        if (!Redirection.IsRedirect(response)
            || request is IdentityRequestMessage
            || request.RequestUri is not { IsAbsoluteUri: true } from
            || Redirection.GetUriForRedirect(response, from) is not { } target)
        {
            return null;
        }

        RedirectIdentityMarker? marker = RedirectIdentityMarker.Find(response);
        if (!Origin.IsSame(from, target))
        {
            if (marker?.CanFollowCrossOrigin(from, target) == false)
            {
                return null;
            }

            if (RequestIdentity.Get(request) is { StaysInOrigin: true })
            {
                marker?.Policy.OnSessionRedirectRefused(from, target);
                return null;
            }
        }

        if (!Redirection.IsAllowedTarget(from, target))
        {
            return null;
        }

        HttpRequestMessage? next = Redirection.CreateNextHop(request, response.StatusCode, target);
        if (next is null)
        {
            marker?.Policy.OnContentNotRepeatable();
            return null;
        }

        CookieJar.OnRedirect(request, response, next);
        return next;
    }
}
