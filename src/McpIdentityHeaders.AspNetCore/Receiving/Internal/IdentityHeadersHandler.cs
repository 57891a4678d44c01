using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Turns a request's identity headers into its user. It also handles requests, to end one with refused headers: after a failed
/// authentication alone, the request would reach endpoints that allow anonymous users.
/// </summary>
internal sealed class IdentityHeadersHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggerFactory, UrlEncoder encoder, IServiceProvider services)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggerFactory, encoder), IAuthenticationRequestHandler
{
    private int _errorStatus;
    private bool _isAsserted;

    public async Task<bool> HandleRequestAsync()
    {
        AuthenticateResult result = await HandleAuthenticateOnceAsync().ConfigureAwait(false);
        if (result.Failure is not { } error || _isAsserted)
        {
            // The assertion's own scheme ends a request with one that is refused.
            await RemovedHeaders.RemoveUnlessSelectedAsync(Context).ConfigureAwait(false);
            return false;
        }

        if (_errorStatus == StatusCodes.Status401Unauthorized)
        {
            await HandleChallengeAsync(new AuthenticationProperties()).ConfigureAwait(false);
        }
        else
        {
            Response.StatusCode = _errorStatus;
        }

        Response.ContentType = "text/plain; charset=utf-8";
        await Response.WriteAsync(error.Message, Context.RequestAborted).ConfigureAwait(false);
        return true;
    }

    /// <summary>Authenticates for whoever asks for this scheme. A selector has had its look at the headers then.</summary>
    async Task<AuthenticateResult> IAuthenticationHandler.AuthenticateAsync()
    {
        AuthenticateResult result = await AuthenticateAsync().ConfigureAwait(false);
        RemovedHeaders.RemovePending(Context);
        return result;
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var scheme = services.GetRequiredKeyedService<IdentityHeadersScheme>(Scheme.Name);
        IdentityHeadersPlan plan = scheme.Plan;
        IHeaderDictionary headers = RemovedHeaders.GetAll(Context);

        // Where an assertion is present, it alone decides who the user is. Its own scheme compares it with the headers.
        string? assertion = FindAssertionScheme(headers);
        _isAsserted = assertion is not null;
        AuthenticateResult result = assertion is not null
            ? await VerifyAsync(assertion).ConfigureAwait(false)
            : Authenticate(scheme, plan, headers);

        RemovedHeaders.Remove(Context, plan.Peers.IsSecret);
        if (result.Succeeded)
        {
            PrivateResponse.Ensure(Context);
            if (plan.RemovesIdentityHeaders)
            {
                RemovedHeaders.RemoveWhenAsked(Context, plan.IsIdentityHeader);
            }
        }

        return result;
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // RFC 9110, section 15.5.2: a 401 names a scheme. Other schemes of the same policy add their own.
        Response.Headers.Append(HeaderNames.WWWAuthenticate, IdentityHeadersDefaults.AuthenticationScheme);
        return base.HandleChallengeAsync(properties);
    }

    private async Task<AuthenticateResult> VerifyAsync(string assertionScheme)
    {
        var handlers = services.GetRequiredService<IAuthenticationHandlerProvider>();
        return await handlers.GetHandlerAsync(Context, assertionScheme).ConfigureAwait(false) is IPrevailingHandler handler
            ? await handler.VerifyAsync().ConfigureAwait(false)
            : AuthenticateResult.Fail("The identity assertion was refused.");
    }

    private string? FindAssertionScheme(IHeaderDictionary headers) =>
        services.GetServices<PrevailingScheme>().FirstOrDefault(scheme => scheme.IsUsedBy(headers))?.Name;

    private AuthenticateResult Authenticate(IdentityHeadersScheme scheme, IdentityHeadersPlan plan, IHeaderDictionary headers)
    {
        if (!plan.HasIdentity(headers))
        {
            return AuthenticateResult.NoResult();
        }

        // Check the peer first: an untrusted peer's values must not be read.
        if (plan.Peers.GetError(Context, headers) is { } peerError)
        {
            scheme.UntrustedPeer(ConnectionPeer.Of(Context).ToString(), peerError);
            return Fail(StatusCodes.Status401Unauthorized, "Identity headers are accepted from known peers only.");
        }

        if (plan.Read(headers, out string? subject, out string? error) is not { } identity)
        {
            scheme.Malformed(ConnectionPeer.Of(Context).ToString(), error!);
            return Fail(StatusCodes.Status400BadRequest, $"The identity headers cannot be accepted: {error}.");
        }

        scheme.Accepted();
        plan.UserTagger?.Tag(Context.Features.Get<IHttpActivityFeature>()?.Activity, subject!);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    private AuthenticateResult Fail(int status, string message)
    {
        _errorStatus = status;
        return AuthenticateResult.Fail(message);
    }
}
