using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Which settings are refused, when, and with which message.</summary>
public sealed class OptionsValidationTests
{
    [Theory]
    [InlineData("X User")]
    [InlineData("X-User:")]
    [InlineData("X-Usér")]
    [InlineData("Host")]
    [InlineData("authorization")]
    [InlineData("Proxy-Authorization")]
    [InlineData("Cookie")]
    [InlineData("Content-Type")]
    [InlineData("Content-Anything")]
    [InlineData("Connection")]
    [InlineData("Keep-Alive")]
    [InlineData("TE")]
    [InlineData("Trailer")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Upgrade")]
    [InlineData("Via")]
    [InlineData("Forwarded")]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Forwarded-Proto")]
    [InlineData("X-Forwarded-Port")]
    [InlineData("X-Forwarded-Prefix")]
    [InlineData("X_Forwarded_For")]
    [InlineData("Mcp-Session-Id")]
    [InlineData("mcp_session_id")]
    [InlineData("MCP-Protocol-Version")]
    [InlineData("Last-Event-ID")]
    [InlineData("Accept")]
    [InlineData("Accept-Language")]
    [InlineData("traceparent")]
    [InlineData("tracestate")]
    [InlineData("baggage")]
    [InlineData("Expires")]
    public void Disallowed_header_name_is_refused_with_the_name_and_the_reason(string headerName)
    {
        string error = Assert.Single(GetErrors(options => options.Headers.Add(headerName, "sub")));

        Assert.StartsWith($"HttpClient 'backend': header '{headerName}' cannot be configured: ", error, StringComparison.Ordinal);
        Assert.Contains("Choose another name", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-User")]
    [InlineData("X-Goog-Authenticated-User-Email")]
    [InlineData("x-amzn-oidc-identity")]
    [InlineData("Remote-User")]
    public void Header_name_that_proxies_use_is_allowed(string headerName) =>
        Assert.Empty(GetErrors(options => options.Headers.Add(headerName, "sub")));

    public static TheoryData<string, Action<ClaimInjectionOptions>> Invalid => new()
    {
        { "Headers is empty", options => options.Headers.Clear() },
        { "JsonPath 'a..b'", options => options.Headers.Add(new ClaimHeader("X-User-A", "a") { JsonPath = "a..b" }) },
        { "unknown Format '9'", options => options.Headers.Add(new ClaimHeader("X-User-A", "a") { Format = (ClaimValueFormat)9 }) },
        { "TrustedOrigins[0] is no absolute http or https URI", options => options.TrustedOrigins.Add(new Uri("ftp://a")) },
        { "TrustedOrigins[0] is no", options => options.TrustedOrigins.Add(new Uri("/a", UriKind.Relative)) },
        { "TrustedOrigins[0] is", options => options.TrustedOrigins.Add(null!) },
        { "RequireHttps is set, and TrustedOrigins has 'http://a:80'", RequireHttpsOf("http://a") },
        { "MissingIdentity is the unknown '9'", options => options.MissingIdentity = (MissingIdentityBehavior)9 },
        { "Encoding is the unknown '9'", options => options.Encoding = (HeaderValueEncoding)9 },
        { "OversizedValue is the unknown '9'", options => options.OversizedValue = (OversizedValueBehavior)9 },
        { "MaxRedirections", options => options.MaxRedirections = -1 },
        { "MaxHeaderValueLength", options => options.MaxHeaderValueLength = 0 },
        { "MaxTotalLength", options => options.MaxTotalLength = 0 },
    };

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public void Invalid_setting_is_refused_by_name(string expected, Action<ClaimInjectionOptions> configure) =>
        Assert.Contains(expected, Assert.Single(GetErrors(configure)), StringComparison.Ordinal);

    [Fact]
    public void Validation_reports_all_errors_at_once() => Assert.Equal(2, GetErrors(options =>
    {
        options.Headers.Add("Host", "sub");
        options.MaxTotalLength = 0;
    }).Length);

    [Fact]
    public void RequireHttps_refuses_an_endpoint_of_plain_http()
    {
        string error = Assert.Single(GetErrors(options => options.RequireHttps = true, "http://backend.test/mcp"));

        Assert.Contains("'http://backend.test:80'", error, StringComparison.Ordinal);
        Assert.Empty(GetErrors(options => options.RequireHttps = true, "http://localhost/mcp"));
    }

    [Fact]
    public async Task RequireHttps_refuses_a_request_over_plain_http()
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client =
            HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice), options => options.RequireHttps = true);

        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get("http://a.test/"), synchronous: false));
        using HttpResponseMessage secure = await client.SendAsync(HttpTesting.Get("https://a.test/"), synchronous: false);
        using HttpResponseMessage local = await client.SendAsync(HttpTesting.Get("http://[::1]/"), synchronous: false);

        Assert.All(backend.Requests, request => Assert.True(request.Has("X-User-Sub")));
    }

    [Fact]
    public async Task Host_does_not_start_with_invalid_settings()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMcpClient("backend", new Uri("http://localhost/mcp")).AddClaimInjection(
            options => options.Headers.Add("Host", "sub"));
        using IHost host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("'Host'", refused.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Host_does_not_start_with_Utf8_on_an_unsuitable_primary_handler(bool utf8)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMcpClient("backend", new Uri("http://localhost/mcp"))
            .AddClaimInjection(options => options.Encoding = utf8 ? HeaderValueEncoding.Utf8 : HeaderValueEncoding.Percent)
            .ConfigurePrimaryHttpMessageHandler(() => new HttpClientHandler());
        using IHost host = builder.Build();

        if (!utf8)
        {
            await host.StartAsync();
            return;
        }

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(
            "HttpClient 'backend': the Utf8 encoding needs a SocketsHttpHandler as the primary handler, and it is HttpClientHandler. Use "
            + "ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler()), or another ClaimInjectionOptions.Encoding.",
            refused.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServiceLifetime.Scoped)]
    [InlineData(ServiceLifetime.Transient)]
    public async Task Accessor_that_is_not_a_singleton_is_refused(ServiceLifetime lifetime)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("backend", new Uri("http://localhost/mcp")).AddClaimInjection();
        services.Replace(new ServiceDescriptor(typeof(IIdentityAccessor), typeof(PropertyAccessor), lifetime));
        await using ServiceProvider provider = services.BuildServiceProvider();

        var refused = Assert.Throws<OptionsValidationException>(() => provider.CreateHttpClient());

        Assert.Contains("singleton", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Singleton_accessor_that_overrides_a_scoped_one_is_accepted()
    {
        var services = new ServiceCollection();
        services.AddScoped<IIdentityAccessor, PropertyAccessor>();
        services.AddKeyedScoped<IIdentityAccessor, PropertyAccessor>("other");
        services.AddMcpClient("backend", new Uri("http://localhost/mcp")).AddClaimInjection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor());
        await using ServiceProvider provider = services.BuildServiceProvider();

        provider.CreateHttpClient().Dispose();
    }

    [Fact]
    public void Handler_without_a_container_refuses_invalid_options_in_its_constructor()
    {
        var options = new ClaimInjectionOptions { MaxTotalLength = 0 };

        var refused = Assert.Throws<ArgumentException>(() => new ClaimInjectionHandler(new PropertyAccessor(), options));

        Assert.Contains("MaxTotalLength", refused.Message, StringComparison.Ordinal);
    }

    private static Action<ClaimInjectionOptions> RequireHttpsOf(string origin) => options =>
    {
        options.RequireHttps = true;
        options.TrustedOrigins.Add(new Uri(origin));
    };

    private static string[] GetErrors(Action<ClaimInjectionOptions> configure, string endpoint = "https://backend.test/mcp")
    {
        var services = new ServiceCollection();
        services.AddMcpClient("backend", new Uri(endpoint)).AddClaimInjection(configure);
        using ServiceProvider provider = services.BuildServiceProvider();
        try
        {
            provider.CreateHttpClient();
            return [];
        }
        catch (OptionsValidationException invalid)
        {
            return [.. invalid.Failures];
        }
    }
}
