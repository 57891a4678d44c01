namespace Gateway.SignIn;

/// <summary>
/// Where clients find the gateway. What tells them where to sign in names this URL, and none that a request brings along: whoever chooses
/// the <c>Host</c> of a request could send its client to another server with its token.
/// </summary>
/// <param name="Value">Null on a developer's machine only, where the request names one of the loopback's.</param>
internal sealed record PublicUrl(Uri? Value)
{
    public static PublicUrl Read(IConfiguration configuration, OidcSettings oidc, IHostEnvironment environment)
    {
        string? url = configuration["PublicUrl"];
        if (url is null && environment.IsDevelopment())
        {
            return new PublicUrl(Value: null);
        }

        // An audience that is a URL is the gateway's own (RFC 8707).
        url ??= oidc.Audiences.FirstOrDefault(IsUrl);
        return url is not null && IsUrl(url)
            ? new PublicUrl(new Uri(url))
            : throw new InvalidOperationException(
                "PublicUrl has to be the URL that clients have of this gateway, such as 'https://mcp.example.com/mcp'. "
                + "Set it in the configuration, or as PublicUrl in the environment.");
    }

    /// <summary>Gets where clients find out how to sign in (RFC 9728).</summary>
    public string MetadataFor(HttpRequest request)
    {
        Uri url = Value ?? new Uri($"{request.Scheme}://{request.Host}{request.PathBase}{request.Path}");
        return $"{url.GetLeftPart(UriPartial.Authority)}/.well-known/oauth-protected-resource{url.AbsolutePath.TrimEnd('/')}";
    }

    private static bool IsUrl(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp);
}
