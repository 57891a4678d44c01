namespace McpIdentityHeaders.Tests.Support;

/// <summary>Short forms for HTTP tests.</summary>
internal static class HttpTesting
{
    public const string Endpoint = "http://backend.test/mcp";

    /// <summary>The whole block of identity handlers, in front of a handler.</summary>
    public static HttpMessageInvoker Chain(
        HttpMessageHandler inner, IIdentityAccessor accessor, Action<ClaimInjectionOptions>? configure = null)
    {
        var options = new ClaimInjectionOptions();
        configure?.Invoke(options);
        return new HttpMessageInvoker(new SameOriginRedirectHandler
        {
            InnerHandler = new IdentityHandler(accessor)
            {
                InnerHandler = new ClaimInjectionHandler(accessor, options) { InnerHandler = inner },
            },
        });
    }

    /// <summary>The injection handler alone, in front of a handler.</summary>
    public static HttpMessageInvoker Injection(
        HttpMessageHandler inner, IIdentityAccessor accessor, Action<ClaimInjectionOptions>? configure = null)
    {
        var options = new ClaimInjectionOptions();
        configure?.Invoke(options);
        return new HttpMessageInvoker(new ClaimInjectionHandler(accessor, options) { InnerHandler = inner });
    }

    public static HttpRequestMessage Get(string uri = Endpoint) => new(HttpMethod.Get, uri);

    public static HttpRequestMessage Post(string uri = Endpoint, HttpContent? content = null) =>
        new(HttpMethod.Post, uri) { Content = content ?? new StringContent("{}") };

    public static HttpRequestMessage WithHeader(this HttpRequestMessage request, string name, params string[] values)
    {
        foreach (string value in values)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return request;
    }

    /// <summary>Sends by Send or SendAsync: both must do the same.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this HttpMessageInvoker invoker, HttpRequestMessage request, bool synchronous) =>
        synchronous ? invoker.Send(request, CancellationToken.None) : await invoker.SendAsync(request, CancellationToken.None);
}
