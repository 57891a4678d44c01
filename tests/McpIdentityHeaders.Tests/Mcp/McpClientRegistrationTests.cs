using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

public sealed class McpClientRegistrationTests
{
    [Fact]
    public Task Client_without_name_and_endpoint_takes_the_endpoint_from_its_options() => AssertReachesAsync(
        McpClientDefaults.Name,
        (services, endpoint) =>
        {
            services.Configure<HttpClientTransportOptions>(McpClientDefaults.Name, options => options.Endpoint = endpoint);
            return services.AddMcpClient();
        });

    [Fact]
    public Task Client_without_name_reaches_its_endpoint() => AssertReachesAsync(
        McpClientDefaults.Name, (services, endpoint) => services.AddMcpClient(endpoint));

    [Fact]
    public Task Client_with_name_reaches_its_endpoint() => AssertReachesAsync(
        "files", (services, endpoint) => services.AddMcpClient("files", endpoint));

    [Fact]
    public Task Client_with_options_in_code_reaches_their_endpoint() => AssertReachesAsync(
        "files", (services, endpoint) => services.AddMcpClient("files", options => options.Endpoint = endpoint));

    [Fact]
    public Task Client_with_configuration_reaches_its_endpoint() => AssertReachesAsync(
        "files",
        (services, endpoint) => services.AddMcpClient("files", new ConfigurationBuilder()
            .AddInMemoryCollection([new("Files:Endpoint", endpoint.ToString())])
            .Build()
            .GetSection("Files")));

    [Fact]
    public Task Client_without_endpoint_of_its_own_takes_the_base_address() => AssertReachesAsync(
        McpClientDefaults.Name,
        (services, endpoint) => services.AddMcpClient().ConfigureHttpClient(client => client.BaseAddress = endpoint));

    [Fact]
    public Task Endpoint_configured_later_is_in_force() => AssertReachesAsync(
        "files",
        (services, endpoint) =>
        {
            services.AddMcpClient("files", new Uri("http://127.0.0.1:1/mcp"));
            return services.AddMcpClient("files", endpoint);
        });

    [Fact]
    public async Task Client_without_any_endpoint_is_refused_with_both_ways_to_set_one()
    {
        await using ServiceProvider services = BuildServices(services => services.AddMcpClient("files", _ => { }));

        InvalidOperationException error = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => CreateAsync(services, "files"));

        Assert.Contains("'files'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Configure<HttpClientTransportOptions>(\"files\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("BaseAddress", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unregistered_name_is_refused_with_an_error_that_names_AddMcpClient()
    {
        await using ServiceProvider services = BuildServices(services =>
        {
            services.AddMcpClient("files", new Uri(HttpTesting.Endpoint));
            return services.AddHttpClient("mail");
        });

        foreach (string name in new[] { "mail", "Files", McpClientDefaults.Name })
        {
            InvalidOperationException error = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => CreateAsync(services, name));
            Assert.Contains($"AddMcpClient(\"{name}\"", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void Empty_name_is_refused_by_every_overload(string name)
    {
        var services = new ServiceCollection();
        IConfigurationSection section = new ConfigurationBuilder().Build().GetSection("Files");

        Assert.Throws<ArgumentException>(nameof(name), () => services.AddMcpClient(name, new Uri(HttpTesting.Endpoint)));
        Assert.Throws<ArgumentException>(nameof(name), () => services.AddMcpClient(name, _ => { }));
        Assert.Throws<ArgumentException>(nameof(name), () => services.AddMcpClient(name, section));
    }

    [Theory]
    [InlineData("/mcp")]
    [InlineData("ftp://backend.test/mcp")]
    public void Endpoint_that_is_no_absolute_http_uri_is_refused(string endpoint)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            nameof(endpoint), () => new ServiceCollection().AddMcpClient("files", new Uri(endpoint, UriKind.RelativeOrAbsolute)));

        Assert.Contains("'files'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shared_default_HttpClient_carries_no_identity_beside_the_MCP_client()
    {
        Assert.Equal("McpClient", McpClientDefaults.Name);
        await using WireServer server = await WireServer.StartAsync();
        await using ServiceProvider services = BuildServices(services => services.AddMcpClient(server.Uri).AddClaimInjection());
        using HttpClient defaultClient = services.GetRequiredService<IHttpClientFactory>().CreateClient();
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        await defaultClient.GetAsync(server.Uri);

        Assert.Empty(server.OnlyHead.Identity);
    }

    [Fact]
    public void Registering_again_adds_no_second_set_of_handlers()
    {
        using ServiceProvider services = BuildServices(services =>
        {
            services.AddMcpClient("files", new Uri(HttpTesting.Endpoint)).AddClaimInjection();
            return services.AddMcpClient("files", new Uri(HttpTesting.Endpoint)).AddClaimInjection();
        });

        IReadOnlyList<HttpMessageHandler> handlers = services.HandlersOf("files");

        Assert.Single(handlers.OfType<SameOriginRedirectHandler>());
        Assert.Single(handlers.OfType<IdentityHandler>());
        Assert.Single(handlers.OfType<ClaimInjectionHandler>());
    }

    [Fact]
    public async Task Two_clients_reach_a_backend_each()
    {
        await using McpBackend files = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using McpBackend mail = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = BuildServices(services =>
        {
            services.AddMcpClient("files", files.Endpoint).AddClaimInjection();
            return services.AddMcpClient("mail", mail.Endpoint);
        });
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        await using McpClient filesClient = await CreateAsync(services, "files");
        await using McpClient mailClient = await CreateAsync(services, "mail");

        Assert.Equal("alice", await filesClient.CallTextAsync("whoami"));
        Assert.Equal("anonymous", await mailClient.CallTextAsync("whoami"));
    }

    private static async Task AssertReachesAsync(string name, Func<IServiceCollection, Uri, IHttpClientBuilder> add)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = BuildServices(services => add(services, backend.Endpoint).AddClaimInjection());
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        await using McpClient client = await CreateAsync(services, name);

        Assert.Equal("alice", await client.CallTextAsync("whoami"));
    }

    private static ServiceProvider BuildServices(Func<IServiceCollection, IHttpClientBuilder> add)
    {
        var services = new ServiceCollection();
        add(services);
        return services.BuildServiceProvider(validateScopes: true);
    }

    private static Task<McpClient> CreateAsync(IServiceProvider services, string name) =>
        services.GetRequiredService<IMcpClientFactory>().CreateClientAsync(name);
}
