using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Who a client's messages come from, as long as nothing else is said. It can change in the middle of a session.</summary>
internal sealed class Caller(string? name)
{
    private const string Visitor = "-";

    private static readonly AsyncLocal<Caller?> OfStreams = new();

    private static readonly AsyncLocal<(bool IsSaid, string? Name)> OfFlows = new();

    private volatile string? _name = name;

    /// <summary>Gets or sets the name of who sends the next messages; null: a visitor who has not signed in.</summary>
    public string? Name
    {
        get => _name;
        set => _name = value;
    }

    /// <summary>Gets whether who opened the session had the account.</summary>
    private bool IsSignedIn { get; } = name is not null;

    /// <summary>Gets whether a flow may say that its own messages come from somebody else. Over HTTP only.</summary>
    public bool OfFlow { get; init; }

    /// <summary>Runs a call that comes from somebody else than the client's other calls.</summary>
    public static async Task<string> CallAsAsync(string? name, Func<Task<string>> call)
    {
        OfFlows.Value = (true, name);
        return await call();
    }

    /// <summary>Makes it the caller of a server's streams that is run in this flow.</summary>
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
            context.User = name == Visitor ? Users.With((ClaimTypes.Upn, "account")) : Users.With((ClaimTypes.Upn, "account"), ("name", name));
        }

        return next(context);
    }

    /// <summary>Makes nobody of who has the account and no name.</summary>
    public static McpMessageHandler SignOutVisitors(McpMessageHandler next) => (context, cancellationToken) =>
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
                request.Headers.TryAddWithoutValidation("Authorization", name ?? Visitor);
            }

            return base.SendAsync(request, cancellationToken);
        }

        private static bool IsInSession(HttpRequestMessage request) =>
            request.Headers.Contains("Mcp-Session-Id") || request.RequestUri!.Query.Contains("sessionId", StringComparison.Ordinal);
    }
}
