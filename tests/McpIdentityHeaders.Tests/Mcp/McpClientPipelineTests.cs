using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>An MCP client's HttpClient is the factory's own in all but the session in front of it.</summary>
public sealed class McpClientPipelineTests
{
    [Fact]
    public async Task Every_ConfigureHttpClient_applies_to_the_sessions_client()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        ServiceCollection collection = McpTesting.ServicesFor(backend, builder => builder
            .ConfigureHttpClient(client => client.DefaultRequestHeaders.Add("X-First", "1"))
            .ConfigureHttpClient(
                (services, client) => client.DefaultRequestHeaders.Add("X-Second", services.GetRequiredService<string>())));
        collection.AddSingleton("2");
        collection.ConfigureHttpClientDefaults(
            builder => builder.ConfigureHttpClient(client => client.DefaultRequestHeaders.Add("X-Third", "3")));
        await using ServiceProvider services = collection.BuildServiceProvider();

        await using McpClient client = await services.ConnectAsync();
        await client.CallTextAsync("ping");

        Assert.All(backend.Exchanges, exchange => Assert.Equal(
            ("1", "2", "3"), (exchange.Headers["X-First"], exchange.Headers["X-Second"], exchange.Headers["X-Third"])));
    }

    [Fact]
    public async Task Aliases_in_default_and_additional_headers_are_dropped()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceCollection collection = McpTesting.ServicesFor(
            backend, builder => builder.ConfigureHttpClient(client => client.DefaultRequestHeaders.Add("X_User_Sub", "mallory")));
        collection.Configure<HttpClientTransportOptions>(McpTesting.ClientName, options => options.AdditionalHeaders =
            new Dictionary<string, string> { ["X.User_Name"] = "mallory", ["x-user-sub"] = "mallory", ["X-Tenant"] = "blue" });
        await using ServiceProvider services = collection.BuildServiceProvider();
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        await using (await services.ConnectAsync())
        {
            await backend.WaitForAsync(exchange => exchange.Http == "GET");
        }

        Assert.Equal(4, backend.Exchanges.Count);
        Assert.All(backend.Exchanges, exchange =>
        {
            Assert.Equal(["X-User-Name", "X-User-Sub"], exchange.IdentityHeaders.Order());
            Assert.Equal(("alice", "Alice Adams", "blue"), (exchange.Subject, exchange.UserName, exchange.Headers["X-Tenant"]));
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Endpoints_origin_is_trusted_and_no_other(bool fromBaseAddress)
    {
        await using WireServer server = await WireServer.StartAsync();
        await using WireServer other = await WireServer.StartAsync();
        var collection = new ServiceCollection();
        IHttpClientBuilder builder = fromBaseAddress
            ? collection.AddMcpClient("files", _ => { }).ConfigureHttpClient(client => client.BaseAddress = server.Uri)
            : collection.AddMcpClient("files", server.Uri);
        builder.AddClaimInjection();
        await using ServiceProvider services = collection.BuildServiceProvider();
        using HttpClient client = services.GetRequiredService<IHttpClientFactory>().CreateClient("files");
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        await client.GetAsync(server.At("/elsewhere/on/it"));
        await client.GetAsync(other.Uri);

        Assert.Equal(["alice"], server.OnlyHead.Values("X-User-Sub"));
        Assert.Empty(other.OnlyHead.Identity);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connections_of_the_factorys_own_primary_handler_are_replaced_in_time(bool injecting) =>
        Assert.True(IsFinite(PrimaryOf(injecting, _ => { })));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connections_are_replaced_in_time_where_handlers_are_not(bool injecting) =>
        Assert.True(IsFinite(PrimaryOf(injecting, builder => builder.SetHandlerLifetime(Timeout.InfiniteTimeSpan))));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connections_of_the_users_own_primary_handler_are_replaced_in_time(bool injecting) =>
        Assert.True(IsFinite(PrimaryOf(injecting, builder => builder.ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler()))));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Connections_of_a_wrapped_primary_handler_are_replaced_in_time(bool injecting) =>
        Assert.True(IsFinite(PrimaryOf(
            injecting, builder => builder.ConfigurePrimaryHttpMessageHandler(() => new Wrapper(new SocketsHttpHandler())))));

    [Fact]
    public void Lifetime_that_the_user_chose_stays()
    {
        SocketsHttpHandler primary = PrimaryOf(injecting: true, builder => builder.ConfigurePrimaryHttpMessageHandler(
            () => new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(30) }));

        Assert.Equal(TimeSpan.FromSeconds(30), primary.PooledConnectionLifetime);
    }

    private static SocketsHttpHandler PrimaryOf(bool injecting, Action<IHttpClientBuilder> configure)
    {
        var collection = new ServiceCollection();
        IHttpClientBuilder builder = collection.AddMcpClient("files", new Uri(HttpTesting.Endpoint));
        configure(builder);
        if (injecting)
        {
            builder.AddClaimInjection();
        }

        using ServiceProvider services = collection.BuildServiceProvider();
        return Assert.IsType<SocketsHttpHandler>(services.HandlersOf("files")[^1]);
    }

    private static bool IsFinite(SocketsHttpHandler primary) => primary.PooledConnectionLifetime != Timeout.InfiniteTimeSpan;

    private sealed class Wrapper(HttpMessageHandler inner) : DelegatingHandler(inner);
}
