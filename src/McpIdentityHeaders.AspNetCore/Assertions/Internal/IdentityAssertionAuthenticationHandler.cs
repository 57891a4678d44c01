using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.Net.Http.Headers;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// Turns a request's signed assertion into its user. It also handles requests, to end one with a refused assertion: after a failed
/// authentication alone, the request would reach endpoints that allow anonymous users.
/// </summary>
internal sealed class IdentityAssertionAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggerFactory, UrlEncoder encoder, IServiceProvider services)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggerFactory, encoder), IAuthenticationRequestHandler, IPrevailingHandler
{
    public async Task<bool> HandleRequestAsync()
    {
        AuthenticateResult result = await HandleAuthenticateOnceAsync().ConfigureAwait(false);
        if (result.Failure is null)
        {
            await RemovedHeaders.RemoveUnlessSelectedAsync(Context).ConfigureAwait(false);
            return false;
        }

        // No scheme is asked any more: middleware in front must not find what was refused.
        RemovedHeaders.RemovePending(Context);
        await HandleChallengeAsync(new AuthenticationProperties()).ConfigureAwait(false);
        return true;
    }

    /// <summary>Authenticates for whoever asks for this scheme. A selector has had its look at the headers then.</summary>
    async Task<AuthenticateResult> IAuthenticationHandler.AuthenticateAsync()
    {
        AuthenticateResult result = await AuthenticateAsync().ConfigureAwait(false);
        RemovedHeaders.RemovePending(Context);
        return result;
    }

    /// <inheritdoc/>
    public Task<AuthenticateResult> VerifyAsync() => HandleAuthenticateOnceAsync();

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var scheme = services.GetRequiredKeyedService<IdentityAssertionScheme>(Scheme.Name);
        ReceivedAssertionPlan plan = scheme.Plan;
        IHeaderDictionary headers = RemovedHeaders.GetAll(Context);
        string[] names = [.. headers.Keys.Where(plan.IsAssertion)];
        if (names.Length == 0)
        {
            // The proxy sends none without an assertion, and code behind must not take them for its.
            RemovedHeaders.Remove(Context, plan.IsCompanion);
            return AuthenticateResult.NoResult();
        }

        (ClaimsIdentity? user, JsonWebToken? token, string? error) =
            await AuthenticateAsync(scheme, plan, headers, names).ConfigureAwait(false);

        // Whoever sees it can use it, as long as it is valid.
        Func<string, bool> isCompanion = user is null ? plan.IsCompanion : plan.IsComparedCompanion;
        RemovedHeaders.RemoveWhenAsked(Context, name => names.Contains(name) || isCompanion(name));
        if (user is null)
        {
            scheme.Refused(ConnectionPeer.Of(Context).ToString(), error!);

            // The reason is in the log: it would help whoever tries.
            return AuthenticateResult.Fail("The identity assertion was refused.");
        }

        PrivateResponse.Ensure(Context);
        scheme.Accepted();
        plan.UserTagger?.Tag(Context.Features.Get<IHttpActivityFeature>()?.Activity, token!.Subject);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(user), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // RFC 9110, section 15.5.2: a 401 names a scheme.
        Response.Headers.Append(HeaderNames.WWWAuthenticate, IdentityAssertionDefaults.AuthenticationScheme);
        return base.HandleChallengeAsync(properties);
    }

    private async Task<(ClaimsIdentity? User, JsonWebToken? Token, string? Error)> AuthenticateAsync(
        IdentityAssertionScheme scheme, ReceivedAssertionPlan plan, IHeaderDictionary headers, string[] names)
    {
        if (names is not [var name] || !name.Equals(plan.Options.HeaderName, StringComparison.OrdinalIgnoreCase))
        {
            return (null, null, "there is an alias of its header");
        }

        if (headers[name] is not [{ Length: > 0 } value])
        {
            return (null, null, "its header came more than once, or empty");
        }

        (ClaimsIdentity? user, JsonWebToken? token, string? error) =
            await plan.Verifier.VerifyAsync(value, Context.RequestAborted).ConfigureAwait(false);
        error ??= plan.GetHeaderError(headers, token!)
            ?? scheme.GetPlainSchemes()
                .Select(plain => plain.GetAssertionError(headers, claim => ReceivedAssertionPlan.ReadClaim(token!, claim)))
                .FirstOrDefault(found => found is not null)
            ?? await GetBindingErrorAsync(scheme, plan, token!).ConfigureAwait(false);
        return error is null ? (user, token, null) : (null, null, error);
    }

    private async Task<string?> GetBindingErrorAsync(IdentityAssertionScheme scheme, ReceivedAssertionPlan plan, JsonWebToken token)
    {
        if (plan.Binding is null)
        {
            return null;
        }

        if (await plan.Binding.GetErrorAsync(Context, token).ConfigureAwait(false) is { } error)
        {
            return error;
        }

        if (string.IsNullOrWhiteSpace(token.Id))
        {
            return "it has no id, and could be used again";
        }

        // An error page can run the pipeline again, with handlers of a new scope. It is still the same request.
        if (Context.Features.Get<AcceptedAssertion>() is { } accepted && accepted.Token == token.EncodedToken)
        {
            return null;
        }

        TimeSpan kept = token.ValidTo - scheme.Time.GetUtcNow().UtcDateTime + plan.Options.ClockSkew;
        string? replayError = await scheme.Used.GetErrorAsync(token.Issuer, token.Id, kept, Context.RequestAborted).ConfigureAwait(false);
        if (replayError is null)
        {
            Context.Features.Set(new AcceptedAssertion(token.EncodedToken));
        }

        return replayError;
    }
}
