using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>The default sender of a client's messages, which can change within a session.</summary>
internal sealed class Caller(string? name)
{
    private const string AnonymousSender = "-";

    private static readonly AsyncLocal<Caller?> OfStreams = new();

    private static readonly AsyncLocal<(bool IsSaid, string? Name)> OfFlows = new();

    private volatile string? _name = name;

    /// <summary>Gets or sets the sender's name of the next messages; null: anonymous.</summary>
    public string? Name
    {
        get => _name;
        set => _name = value;
    }

    /// <summary>Gets whether the user who opened the session had the account.</summary>
    private bool IsSignedIn { get; } = name is not null;

    /// <summary>Gets whether a flow may set another sender of its own messages. Over HTTP only.</summary>
    public bool OfFlow { get; init; }

    /// <summary>Runs a call with another sender than the client's other calls.</summary>
    public static async Task<string> CallAsAsync(string? name, Func<Task<string>> call)
    {
        OfFlows.Value = (true, name);
        return await call();
    }

    /// <summary>Sets it as the caller of a server over streams that runs in this flow.</summary>
    public void EnterStreams() => OfStreams.Value = this;

    /// <summary>The authentication of a server over streams, which has no requests that could bring a user.</summary>
    public static McpMessageHandler SignIn(McpMessageHandler next) => (context, cancellationToken) =>
    {
        if (OfStreams.Value?.Name is { } name)
        {
            context.User = Users.With(("name", name));
        }

        return next(context, cancellationToken);
    };

    /// <summary>
    /// Stands for the authentication of a server over HTTP. All have one account, since the SDK binds sessions to those.
    /// </summary>
    public static Task SignInAsync(HttpContext context, RequestDelegate next)
    {
        string name = context.Request.Headers.Authorization.ToString();
        if (name.Length > 0)
        {
            context.User =
                name == AnonymousSender ? Users.With((ClaimTypes.Upn, "account")) : Users.With((ClaimTypes.Upn, "account"), ("name", name));
        }

        return next(context);
    }

    /// <summary>Signs out senders who have the account and no name.</summary>
    public static McpMessageHandler SignOutAnonymous(McpMessageHandler next) => (context, cancellationToken) =>
    {
        if (context.User?.HasClaim(claim => claim.Type == "name") == false)
        {
            context.User = null;
        }

        return next(context, cancellationToken);
    };

    /// <summary>Signs each HTTP request of a client.</summary>
    public HttpMessageHandler NewHandler() => new SigningHandler(this) { InnerHandler = new SocketsHttpHandler() };

    private sealed class SigningHandler(Caller caller) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string? name = caller.OfFlow && OfFlows.Value.IsSaid ? OfFlows.Value.Name : caller.Name;
            if (name is not null || (caller.IsSignedIn && IsInSession(request)))
            {
                request.Headers.TryAddWithoutValidation("Authorization", name ?? AnonymousSender);
            }

            return base.SendAsync(request, cancellationToken);
        }

        private static bool IsInSession(HttpRequestMessage request) =>
            request.Headers.Contains("Mcp-Session-Id") || request.RequestUri!.Query.Contains("sessionId", StringComparison.Ordinal);
    }
}
