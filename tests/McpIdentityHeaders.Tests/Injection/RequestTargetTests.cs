using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// Requests that name their target otherwise than by the URI that goes out: by a Host header, or by a service that is resolved.
/// </summary>
public sealed class RequestTargetTests
{
    public static TheoryData<string, bool, bool> Hosts
    {
        get
        {
            var data = new TheoryData<string, bool, bool>();
            foreach (bool synchronous in new[] { false, true })
            {
                data.Add("backend.test", true, synchronous);
                data.Add("BACKEND.test", true, synchronous);
                data.Add("backend.test:8080", true, synchronous);
                data.Add("other.test", true, synchronous);
                data.Add("other.test:8080", false, synchronous);
                data.Add("backend.test:8081", false, synchronous);
                data.Add("backend.test:80", false, synchronous);
                data.Add("backend.test:", false, synchronous);
                data.Add("admin.test", false, synchronous);
                data.Add("other.test@admin.test", false, synchronous);
                data.Add("other.test/admin", false, synchronous);
                data.Add("other.test, admin.test", false, synchronous);
                data.Add("", false, synchronous);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Host_header_of_another_host_is_judged_too(string host, bool carries, bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice), options =>
        {
            options.TrustedOrigins.Add(new Uri("http://backend.test:8080"));
            options.TrustedOrigins.Add(new Uri("http://other.test"));
        });

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Get("http://backend.test:8080/").WithHeader("Host", host), synchronous);

        Assert.Equal(carries, backend.Only.Has("X-User-Sub"));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Trusted_host_header_does_not_make_another_uri_trusted(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, new Uri("http://trusted.test"));

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Get(server.Uri.ToString()).WithHeader("Host", "trusted.test"), synchronous);

        Assert.Empty(server.OnlyHead.Identity);
    }

    [Fact]
    public async Task Secret_is_not_sent_to_a_host_that_is_served_with_any_other()
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice), options =>
        {
            options.AllowAnyOrigin = true;
            options.TrustedOrigins.Add(new Uri("http://backend.test"));
            options.SharedSecret = new SharedSecret("X-Gateway-Secret", "s3cr3t-0123456789");
        });

        using HttpResponseMessage own = await client.SendAsync(HttpTesting.Get("http://backend.test/"), synchronous: false);
        using HttpResponseMessage other = await client.SendAsync(
            HttpTesting.Get("http://backend.test/").WithHeader("Host", "admin.test"), synchronous: false);

        Assert.All(backend.Requests, request => Assert.True(request.Has("X-User-Sub")));
        Assert.Equal([true, false], backend.Requests.Select(request => request.Has("X-Gateway-Secret")));
    }

    [Theory]
    [InlineData("http://notes", "http://notes/list", null, true)]
    [InlineData("http://notes", "http://notes/list", "notes", true)]
    [InlineData("http://notes", "http://notes/list", "admin.test", false)]
    [InlineData("http://notes", "http://other/list", null, false)]
    [InlineData("https://notes", "https://notes/list", null, false)]
    [InlineData(null, "http://notes/list", null, false)]
    public async Task Service_is_trusted_by_name_where_a_handler_in_front_resolves_it(
        string? service, string uri, string? host, bool carries)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using ServiceProvider services = Services(server, options =>
        {
            options.TrustedOrigins.Add(new Uri("http://notes"));
            if (service is not null)
            {
                options.TrustedServices.Add(new Uri(service));
            }
        });
        using HttpClient client = services.CreateHttpClient();
        HttpRequestMessage request = HttpTesting.Get(uri);

        using HttpResponseMessage response = await client.SendAsync(host is null ? request : request.WithHeader("Host", host));

        Assert.Equal(carries ? ["alice"] : [], server.OnlyHead.Values("X-User-Sub"));
    }

    [Fact]
    public async Task Message_sent_again_to_another_uri_is_not_the_services_any_more()
    {
        await using WireServer server = await WireServer.StartAsync();
        await using ServiceProvider services = Services(server, options => options.TrustedServices.Add(new Uri("http://notes")));
        using HttpMessageInvoker pipeline = new(
            services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(WiredClient.Name), disposeHandler: false);
        HttpRequestMessage request = HttpTesting.Get("http://notes/");

        using HttpResponseMessage first = await pipeline.SendAsync(request, CancellationToken.None);
        request.RequestUri = new Uri("http://elsewhere/");
        using HttpResponseMessage second = await pipeline.SendAsync(request, CancellationToken.None);

        Assert.Equal([1, 0], server.Heads.Select(head => head.Values("X-User-Sub").Length));
    }

    [Theory]
    [InlineData("TrustedServices[0]", "https+http://notes")]
    [InlineData("TrustedServices[0]", "/notes")]
    public void Service_that_is_no_absolute_uri_is_refused(string expected, string service)
    {
        var options = new ClaimInjectionOptions();
        options.TrustedServices.Add(new Uri(service, UriKind.RelativeOrAbsolute));

        var refused = Assert.Throws<ArgumentException>(() => new ClaimInjectionHandler(new PropertyAccessor(), options));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A client with a handler in front that takes each request to the server, as service discovery does.</summary>
    private static ServiceProvider Services(WireServer server, Action<ClaimInjectionOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice));
        services.AddHttpClient(WiredClient.Name)
            .AddClaimInjection(configure)
            .AddHttpMessageHandler(() => new ResolvingHandler(server.Uri));
        return services.BuildServiceProvider();
    }

    private sealed class ResolvingHandler(Uri address) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Uri original = request.RequestUri!;
            request.RequestUri = new Uri(address, original.PathAndQuery);
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            finally
            {
                request.RequestUri = original;
            }
        }
    }
}
