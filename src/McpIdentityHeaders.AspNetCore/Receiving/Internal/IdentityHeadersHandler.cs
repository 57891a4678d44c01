using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Makes a request's identity headers its user. It is a request handler besides, so that a request whose headers are refused ends there: a
/// failed authentication alone would let it go on as nobody's, to whatever allows that.
/// </summary>
internal sealed class IdentityHeadersHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggerFactory, UrlEncoder encoder, IServiceProvider services)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggerFactory, encoder), IAuthenticationRequestHandler
{
    private int _refusal;

    public async Task<bool> HandleRequestAsync()
    {
        AuthenticateResult result = await HandleAuthenticateOnceAsync().ConfigureAwait(false);
        if (result.Failure is not { } failure)
        {
            return false;
        }

        if (_refusal == StatusCodes.Status401Unauthorized)
        {
            await HandleChallengeAsync(new AuthenticationProperties()).ConfigureAwait(false);
        }
        else
        {
            Response.StatusCode = _refusal;
        }

        Response.ContentType = "text/plain; charset=utf-8";
        await Response.WriteAsync(failure.Message, Context.RequestAborted).ConfigureAwait(false);
        return true;
    }

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // RFC 9110, section 15.5.2: a 401 names a scheme. Others of the same policy name theirs.
        Response.Headers.Append(HeaderNames.WWWAuthenticate, IdentityHeadersDefaults.AuthenticationScheme);
        return base.HandleChallengeAsync(properties);
    }

    private AuthenticateResult Authenticate()
    {
        var scheme = services.GetRequiredKeyedService<IdentityHeadersScheme>(Scheme.Name);
        IdentityHeadersPlan plan = scheme.Plan;

        if (!plan.HasIdentity(Request.Headers))
        {
            return AuthenticateResult.NoResult();
        }

        // Who speaks comes first: what a stranger sent is not even looked at.
        if (plan.Peers.ReasonAgainst(Context) is { } reason)
        {
            scheme.UntrustedPeer(ConnectionPeer.Describe(Context), reason);
            return Refuse(StatusCodes.Status401Unauthorized, "Identity headers are accepted from known peers only.");
        }

        if (plan.Read(Request.Headers, out string? problem) is not { } identity)
        {
            scheme.Malformed(ConnectionPeer.Describe(Context), problem!);
            return Refuse(StatusCodes.Status400BadRequest, $"The identity headers cannot be accepted: {problem}.");
        }

        scheme.Accepted();
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    private AuthenticateResult Refuse(int status, string message)
    {
        _refusal = status;
        return AuthenticateResult.Fail(message);
    }
}
