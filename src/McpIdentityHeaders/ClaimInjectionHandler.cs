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
        if (request is IdentityRequestMessage own)
        {
            return SendInPlaceAsync(user, own, async, cancellationToken);
        }

        // All as in an async method, which would allocate a task also for an answer that is there at once: what is thrown is in the task, and
        // what handlers behind leave in the flow of execution does not decide whose the caller's next request is.
        ExecutionContext? flow = ExecutionContext.Capture();
        try
        {
            HardenPrimary();
            ClaimInjectionPlan plan = Client.Plan;
            HttpRequestMessage outgoing = ClaimInjection.Apply(request, user, Client, plan, out bool carriesIdentity);
            Task<HttpResponseMessage> answer = async
                ? base.SendAsync(outgoing, cancellationToken)
                : Task.FromResult(base.Send(outgoing, cancellationToken));

            if (!answer.IsCompletedSuccessfully)
            {
                return AwaitAsync(answer, request, outgoing, carriesIdentity, plan);
            }

            Clean(answer.Result, request, outgoing, carriesIdentity, plan);
            return answer;
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
    }

    private static async Task<HttpResponseMessage> AwaitAsync(
        Task<HttpResponseMessage> answer,
        HttpRequestMessage request,
        HttpRequestMessage outgoing,
        bool carriesIdentity,
        ClaimInjectionPlan plan)
    {
        HttpResponseMessage response = await answer.ConfigureAwait(false);
        Clean(response, request, outgoing, carriesIdentity, plan);
        return response;
    }

    /// <summary>Sends a clone of ours from further out. It is written in place, and handlers in between see it again: it is left clean.</summary>
    private async Task<HttpResponseMessage> SendInPlaceAsync(
        ClaimsPrincipal? user, IdentityRequestMessage own, bool async, CancellationToken cancellationToken)
    {
        HardenPrimary();
        ClaimInjectionPlan plan = Client.Plan;
        HttpResponseMessage response;
        bool carriesIdentity;
        try
        {
            ClaimInjection.Apply(own, user, Client, plan, out carriesIdentity);
            response = async
                ? await base.SendAsync(own, cancellationToken).ConfigureAwait(false)
                : base.Send(own, cancellationToken);
        }
        finally
        {
            ClaimInjection.Clear(own, plan.OwnedNames);
        }

        Clean(response, own, own, carriesIdentity, plan);
        return response;
    }

    /// <summary>What the caller and its loggers see is the request that they know, with no identity in it.</summary>
    private static void Clean(
        HttpResponseMessage response, HttpRequestMessage request, HttpRequestMessage outgoing, bool carriesIdentity, ClaimInjectionPlan plan)
    {
        response.RequestMessage = request;

        if (Redirection.IsRedirect(response) && (carriesIdentity || CarriesCallersOwn(request, outgoing, plan)))
        {
            CarriedIdentity.Mark(response);
        }
    }

    /// <summary>What the caller itself put under an owned name, and was forwarded while the user was not known, is an identity too.</summary>
    private static bool CarriesCallersOwn(HttpRequestMessage request, HttpRequestMessage outgoing, ClaimInjectionPlan plan) =>
        outgoing == request && RequestChecks.HasOwned(request, plan.OwnedNames);

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
