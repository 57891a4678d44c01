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
    private readonly Lock _hardening = new();
    private volatile bool _primaryHardened;

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
        _primaryHardened = true;
    }

    internal ClaimInjectionClient Client { get; }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendForAsync(IdentityResolver.Resolve(request, _accessor), request, async: false, cancellationToken).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        return SendForAsync(IdentityResolver.Resolve(request, _accessor), request, async: true, cancellationToken);
    }

    /// <summary>Sends for a user that has been decided: a user, nobody, or null where it is not known.</summary>
    internal Task<HttpResponseMessage> SendForAsync(
        ClaimsPrincipal? user, HttpRequestMessage request, bool async, CancellationToken cancellationToken)
    {
        ClaimInjectionPlan plan;
        HttpRequestMessage outgoing;
        bool carriesIdentity;
        try
        {
            HardenPrimary();
            plan = Client.Plan;
            outgoing = ClaimInjection.Apply(request, user, Client, plan, out carriesIdentity);
        }
        catch (Exception refused)
        {
            return Task.FromException<HttpResponseMessage>(refused);
        }

        // A clone of ours from further out is written in place, and handlers in between see it again.
        if (request is IdentityRequestMessage own)
        {
            return SendInPlaceAsync(own, plan, carriesIdentity, async, cancellationToken);
        }

        Task<HttpResponseMessage> answer = async
            ? base.SendAsync(outgoing, cancellationToken)
            : Task.FromResult(base.Send(outgoing, cancellationToken));

        // The caller's own request went out, and nothing is left to do after it.
        if (outgoing == request)
        {
            return answer;
        }

        // Waiting takes a state machine, which an answer that is there at once does not need.
        if (answer.IsCompletedSuccessfully)
        {
            Clean(answer.Result, request, carriesIdentity);
            return answer;
        }

        return AwaitAsync(answer, request, carriesIdentity);
    }

    private static async Task<HttpResponseMessage> AwaitAsync(
        Task<HttpResponseMessage> answer, HttpRequestMessage request, bool carriesIdentity)
    {
        HttpResponseMessage response = await answer.ConfigureAwait(false);
        Clean(response, request, carriesIdentity);
        return response;
    }

    private async Task<HttpResponseMessage> SendInPlaceAsync(
        IdentityRequestMessage own, ClaimInjectionPlan plan, bool carriesIdentity, bool async, CancellationToken cancellationToken)
    {
        try
        {
            HttpResponseMessage response = async
                ? await base.SendAsync(own, cancellationToken).ConfigureAwait(false)
                : base.Send(own, cancellationToken);
            Clean(response, own, carriesIdentity);
            return response;
        }
        finally
        {
            ClaimInjection.Clear(own, plan.OwnedNames);
        }
    }

    /// <summary>What the caller and its loggers see is the request that they know, with no identity in it.</summary>
    private static void Clean(HttpResponseMessage response, HttpRequestMessage request, bool carriesIdentity)
    {
        response.RequestMessage = request;

        if (Redirection.IsRedirect(response))
        {
            CarriedIdentity.Mark(response, carriesIdentity);
        }
    }

    /// <summary>Once, before the first request, where no container has done it: a handler that has started cannot be changed any more.</summary>
    private void HardenPrimary()
    {
        if (_primaryHardened)
        {
            return;
        }

        lock (_hardening)
        {
            if (!_primaryHardened)
            {
                PrimaryHandlerHardening.Harden(InnerHandler, Client);
                _primaryHardened = true;
            }
        }
    }
}
