namespace Gateway.SignIn;

/// <summary>
/// Refuses requests of web pages that are not allowed for, as MCP has it: a page could make a user's browser call a server that only
/// that browser reaches. What is not a browser sends no <c>Origin</c>.
/// </summary>
internal sealed class OriginCheck
{
    private readonly HashSet<string> _allowed;
    private readonly bool _isLoopbackAllowed;

    private OriginCheck(IEnumerable<string> allowed, bool isLoopbackAllowed)
    {
        _allowed = new HashSet<string>(allowed, StringComparer.OrdinalIgnoreCase);
        _isLoopbackAllowed = isLoopbackAllowed;
    }

    public static OriginCheck Read(IConfiguration configuration, PublicUrl publicUrl, IHostEnvironment environment)
    {
        List<string> allowed = [.. configuration.GetSection("AllowedOrigins").Get<string[]>() ?? []];
        if (allowed.Find(origin => !IsOrigin(origin)) is { } wrong)
        {
            throw new InvalidOperationException(
                $"'{wrong}' in AllowedOrigins is no origin. Write scheme, host and port alone, such as 'https://app.example.com'.");
        }

        if (publicUrl.Value is { } own)
        {
            allowed.Add(own.GetLeftPart(UriPartial.Authority));
        }

        return new OriginCheck(allowed, environment.IsDevelopment());
    }

    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        context.Request.Headers.Origin is not { Count: > 0 } origins || origins is [{ } origin] && IsAllowed(origin)
            ? next(context)
            : JsonRpcResponses.WriteErrorAsync(
                context.Response,
                StatusCodes.Status403Forbidden,
                "Web pages of this origin may not call the gateway. Its administrator adds them to AllowedOrigins.");

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        && url.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);

    private bool IsAllowed(string origin) =>
        _allowed.Contains(origin)
        || (_isLoopbackAllowed && Uri.TryCreate(origin, UriKind.Absolute, out Uri? url) && url.IsLoopback && IsOrigin(origin));
}
