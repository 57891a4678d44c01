using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using ModelContextProtocol.Authentication;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>
/// A third party's OAuth authorization server, and the middleware of a backend that trusts it. It consents at once, requires PKCE, and
/// registers any client.
/// </summary>
internal sealed class AuthorizationServer : IAsyncDisposable
{
    private static readonly Uri Callback = new("http://127.0.0.1/callback");

    private readonly ConcurrentDictionary<string, string> _challenges = new();
    private readonly ConcurrentDictionary<string, bool> _tokens = new();
    private readonly ConcurrentQueue<string> _paths = new();
    private WireServer _server = null!;

    /// <summary>Gets the heads of all requests so far.</summary>
    public IReadOnlyList<RawHead> Heads => _server.Heads;

    /// <summary>Gets the paths of all requests so far.</summary>
    public IReadOnlyList<string> Paths => [.. _paths];

    private string Issuer => _server.Uri.GetLeftPart(UriPartial.Authority);

    public static async Task<AuthorizationServer> StartAsync()
    {
        var authorization = new AuthorizationServer();
        authorization._server = await WireServer.StartAsync(authorization.RespondAsync);
        return authorization;
    }

    /// <summary>Makes every token so far worthless.</summary>
    public void Revoke() => _tokens.Clear();

    /// <summary>The client's OAuth options: without a client id, so that it registers itself.</summary>
    public static ClientOAuthOptions NewClientOptions() => new()
    {
        RedirectUri = Callback,
        DynamicClientRegistration = new DynamicClientRegistrationOptions { ClientName = "tests" },
        AuthorizationCallbackHandler = VisitAsync,
    };

    /// <summary>Stands in front of a backend: 401 without a token of this server's, and where to get one.</summary>
    public async Task ProtectAsync(HttpContext context, RequestDelegate next)
    {
        const string metadata = "/.well-known/oauth-protected-resource";
        string origin = $"{context.Request.Scheme}://{context.Request.Host}";

        if (context.Request.Path == metadata)
        {
            await context.Response.WriteAsJsonAsync(new { resource = $"{origin}/mcp", authorization_servers = new[] { Issuer } });
        }
        else if (_tokens.ContainsKey(context.Request.Headers.Authorization.ToString()))
        {
            await next(context);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = $"Bearer resource_metadata=\"{origin}{metadata}\"";
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>The browser's part, with a separate client.</summary>
    private static async Task<AuthorizationResult?> VisitAsync(AuthorizationCallbackContext context, CancellationToken cancellationToken)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using HttpResponseMessage response = await browser.GetAsync(context.AuthorizationUri, cancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);

        var query = QueryHelpers.ParseQuery(response.Headers.Location!.Query);
        return new AuthorizationResult { Code = query["code"], State = query["state"], Iss = query["iss"] };
    }

    private async Task RespondAsync(HttpContext context)
    {
        _paths.Enqueue(context.Request.Path);

        switch (context.Request.Path)
        {
            case "/.well-known/oauth-authorization-server":
                await context.Response.WriteAsJsonAsync(new
                {
                    issuer = Issuer,
                    authorization_endpoint = $"{Issuer}/authorize",
                    token_endpoint = $"{Issuer}/token",
                    registration_endpoint = $"{Issuer}/register",
                    code_challenge_methods_supported = new[] { "S256" },
                    authorization_response_iss_parameter_supported = true,
                });
                break;

            case "/register":
                context.Response.StatusCode = StatusCodes.Status201Created;
                await context.Response.WriteAsJsonAsync(new { client_id = "tests", client_secret = "secret" });
                break;

            case "/authorize":
                Authorize(context);
                break;

            case "/token":
                await GiveTokenAsync(context);
                break;

            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private void Authorize(HttpContext context)
    {
        string code = Guid.NewGuid().ToString("N");
        _challenges[code] = context.Request.Query["code_challenge"].ToString();
        Dictionary<string, string?> response = new() { ["code"] = code, ["state"] = context.Request.Query["state"], ["iss"] = Issuer };
        context.Response.Redirect(QueryHelpers.AddQueryString(context.Request.Query["redirect_uri"].ToString(), response));
    }

    private async Task GiveTokenAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        string verified = WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (!_challenges.TryRemove(form["code"].ToString(), out string? challenge) || challenge != verified)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        string token = Guid.NewGuid().ToString("N");
        _tokens[$"Bearer {token}"] = true;
        await context.Response.WriteAsJsonAsync(new { access_token = token, token_type = "Bearer", expires_in = 3600 });
    }
}
