using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>The name of a secret that any part of the application knows leaves by no client, and comes in by no gateway.</summary>
public sealed class SharedSecretNameTests
{
    [Theory]
    [InlineData("X-Edge-Secret")]
    [InlineData("x_edge.secret")]
    [InlineData("X-Old-Secret")]
    [InlineData("X-Edge-Secret\u0001")]
    public async Task Secret_of_a_receiving_scheme_is_stripped_inbound(string name)
    {
        await using InboundServer server = await StrippingServer.StartAsync(services: AddClientAndScheme);
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string[] headers = StrippingServer.Headers(await client.GetAsync($"{name}: guessed", "X-Kept: 1"));

        Assert.Equal(["X-Kept: 1"], headers);
    }

    [Fact]
    public async Task Name_that_a_reload_brings_is_stripped_beside_the_one_before()
    {
        var settings = new ChangingSettings(
            ("SharedSecrets:0:HeaderName", "X-First-Secret"), ("SharedSecrets:0:Value", StrippingServer.Secret));
        await using InboundServer server = await StrippingServer.StartAsync(services: services =>
        {
            services.AddAuthentication().AddIdentityHeaders("edge", settings.NewSection());
            services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection();
        });
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string[] before = StrippingServer.Headers(await client.GetAsync("X-First-Secret: a", "X-Second-Secret: b"));
        settings.Change(("SharedSecrets:0:HeaderName", "X-Second-Secret"));
        string[] after = StrippingServer.Headers(await client.GetAsync("X-First-Secret: a", "x_second.secret: b"));

        Assert.Equal(["X-Second-Secret: b"], before);
        Assert.Empty(after);
    }

    [Fact]
    public async Task Secrets_of_several_schemes_and_of_a_later_client_are_stripped()
    {
        await using InboundServer server = await StrippingServer.StartAsync(services: services =>
        {
            services.AddAuthentication()
                .AddIdentityHeaders("one", options => options.SharedSecrets.Add(new SharedSecret("X-One-Secret", StrippingServer.Secret)))
                .AddIdentityHeaders("two", options =>
                {
                    options.Headers.Clear();
                    options.Headers.Add("X-Two-Sub", "sub");
                    options.SharedSecrets.Add(new SharedSecret("X-Two-Secret", StrippingServer.Secret));
                });
            services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection();
            services.AddHttpClient("late").AddClaimInjection(options =>
            {
                options.TrustedOrigins.Add(new Uri("http://late.test"));
                options.SharedSecret = new SharedSecret("X-Late-Secret", StrippingServer.Secret);
            });
        });
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        string[] headers = StrippingServer.Headers(await client.GetAsync(
            "X-One-Secret: a", "x.two_secret: b", "X-LATE-SECRET: c", "'X-Late-Secret': d", "X-Kept: 1"));

        Assert.Equal(["X-Kept: 1"], headers);
    }

    [Theory]
    [InlineData("alice", true)]
    [InlineData(null, true)]
    [InlineData("alice", false)]
    public async Task Secret_of_another_part_leaves_no_client_of_the_application(string? user, bool hosted)
    {
        await using WireServer backend = await WireServer.StartAsync();
        var services = new ServiceCollection();
        services.AddHttpClient("plain").AddClaimInjection(options => options.TrustedOrigins.Add(backend.Uri));
        services.AddHttpClient("secret").AddClaimInjection(options =>
        {
            options.TrustedOrigins.Add(backend.Uri);
            options.SharedSecret = new SharedSecret("X-Other-Secret", StrippingServer.Secret);
        });
        AddScheme(services);
        await using ServiceProvider provider = services.BuildServiceProvider();
        if (hosted)
        {
            // As a host's start does.
            _ = provider.GetRequiredKeyedService<Internal.IdentityHeadersScheme>("IdentityHeaders").Plan;
        }

        using IdentityScope scope = AmbientIdentity.Use(user is null ? null : Users.Named(user));
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("plain");
        using HttpRequestMessage request = new HttpRequestMessage(HttpMethod.Get, backend.Uri)
            .WithHeader("X-Edge-Secret", "guessed").WithHeader("X_Old_Secret", "guessed").WithHeader("x.other.secret", "guessed")
            .WithHeader("X-Kept", "1");
        using HttpResponseMessage response = await client.SendAsync(request);

        RawHead head = backend.OnlyHead;
        Assert.Equal(["1"], head.Values("X-Kept"));
        Assert.DoesNotContain(head.Headers, header => header.Value == "guessed");
    }

    [Theory]
    [InlineData("X-Edge-Secret")]
    [InlineData("x_old.secret")]
    public async Task Secret_of_another_part_is_refused_in_content_and_leaves_Connection(string name)
    {
        await using WireServer backend = await WireServer.StartAsync();
        var services = new ServiceCollection();
        services.AddHttpClient("plain").AddClaimInjection(options => options.TrustedOrigins.Add(backend.Uri));
        AddScheme(services);
        await using ServiceProvider provider = services.BuildServiceProvider();
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("plain");
        using var content = new StringContent("{}");
        content.Headers.TryAddWithoutValidation(name, "guessed");

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.PostAsync(backend.Uri, content));
        using HttpRequestMessage request = HttpTesting.Get(backend.Uri.ToString()).WithHeader("Connection", $"{name}, x-kept");
        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(ClaimInjectionErrorReason.ForgedHeader, refused.Reason);
        Assert.Equal(["x-kept"], backend.OnlyHead.Values("Connection"));
    }

    [Fact]
    public async Task Secret_of_another_part_goes_to_no_origin_that_is_not_trusted()
    {
        await using WireServer stranger = await WireServer.StartAsync();
        var services = new ServiceCollection();
        services.AddHttpClient("plain").AddClaimInjection(options => options.TrustedOrigins.Add(new Uri("http://trusted.test")));
        AddScheme(services);
        await using ServiceProvider provider = services.BuildServiceProvider();
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("plain");
        using HttpRequestMessage request = HttpTesting.Get(stranger.Uri.ToString()).WithHeader("X-Edge-Secret", "guessed");

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Empty(stranger.OnlyHead.Values("X-Edge-Secret"));
    }

    private static void AddClientAndScheme(IServiceCollection services)
    {
        services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection();
        AddScheme(services);
    }

    private static void AddScheme(IServiceCollection services) => services.AddAuthentication().AddIdentityHeaders(options =>
    {
        options.SharedSecrets.Add(new SharedSecret("X-Edge-Secret", StrippingServer.Secret));
        options.SharedSecrets.Add(new SharedSecret("X-Old-Secret", StrippingServer.Secret));
    });
}
