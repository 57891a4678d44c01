using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using NSubstitute;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>The identity handlers are one block, and always the innermost.</summary>
public sealed class PipelineOrderTests
{
    private static readonly Type[] Block = [typeof(SameOriginRedirectHandler), typeof(IdentityHandler), typeof(ClaimInjectionHandler)];

    private static readonly Dictionary<string, Action<IServiceCollection, TamperingHandler>> Additions = new()
    {
        ["AddHttpMessageHandler"] = (services, handler) => services.AddHttpClient(WiredClient.Name).AddHttpMessageHandler(() => handler),
        ["ConfigureAdditionalHttpMessageHandlers"] = (services, handler) =>
            services.AddHttpClient(WiredClient.Name).ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Add(handler)),
        ["ConfigureHttpClientDefaults"] = (services, handler) =>
            services.ConfigureHttpClientDefaults(defaults => defaults.AddHttpMessageHandler(() => handler)),
        ["PostConfigure"] = (services, handler) => services.PostConfigureAll<HttpClientFactoryOptions>(options =>
            options.HttpMessageHandlerBuilderActions.Add(builder => builder.AdditionalHandlers.Add(handler))),
        ["filter"] = (services, handler) => services.AddSingleton<IHttpMessageHandlerBuilderFilter>(new AppendingFilter(handler)),
        ["filter inserted as the first"] = (services, handler) =>
            services.Insert(0, ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter>(new AppendingFilter(handler))),
    };

    public static TheoryData<string, bool, bool> Registrations()
    {
        var data = new TheoryData<string, bool, bool>();
        foreach (string addition in Additions.Keys)
        {
            data.Add(addition, false, false);
            data.Add(addition, false, true);
            data.Add(addition, true, false);
            data.Add(addition, true, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Registrations))]
    public async Task Registered_handler_never_runs_behind_the_identity_handlers(string addition, bool before, bool synchronous)
    {
        var handler = new TamperingHandler();
        await using WireServer server = await WireServer.StartAsync();
        ServiceCollection services = NewServices(Users.Named("alice"));
        if (before)
        {
            Additions[addition](services, handler);
        }

        services.AddMcpClient(WiredClient.Name, server.Uri).AddClaimInjection();
        if (!before)
        {
            Additions[addition](services, handler);
        }

        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        using HttpClient client = provider.CreateHttpClient();
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(1, handler.Passed);
        Assert.Empty(handler.Identity);
        Assert.Equal(["X-User-Sub: alice"], server.OnlyHead.Identity.Select(header => $"{header.Key}: {header.Value}"));
        List<HttpMessageHandler> chain = provider.HandlersOf();
        Assert.True(chain.IndexOf(handler) < chain.IndexOf(Assert.Single(chain.OfType<SameOriginRedirectHandler>())));
        Assert.Equal(Block, chain.IdentityHandlersIn());
    }

    [Fact]
    public async Task Cleared_handlers_do_not_include_the_identity_handlers()
    {
        ServiceCollection services = NewServices(Users.Alice);
        services.AddHttpClient(WiredClient.Name).AddClaimInjection(options => options.AllowAnyOrigin = true)
            .ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Clear());
        await using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal(Block, provider.HandlersOf().IdentityHandlersIn());
    }

    [Fact]
    public async Task AddClaimInjection_called_again_adds_settings_but_no_handlers()
    {
        ServiceCollection services = NewServices(Users.With(("sub", "alice"), ("team", "red"), ("role", "admin")));
        var backend = new RecordingHandler();
        services.AddHttpClient(WiredClient.Name).AddClaimInjection(options => options.Headers.Add("X-User-Team", "team"));
        services.AddMcpClient(WiredClient.Name, new Uri(HttpTesting.Endpoint)).AddClaimInjection();
        services.AddMcpClient(WiredClient.Name, new Uri(HttpTesting.Endpoint))
            .AddClaimInjection(options => options.Headers.Add("X-User-Role", "role"))
            .ConfigurePrimaryHttpMessageHandler(() => backend);
        await using ServiceProvider provider = services.BuildServiceProvider();

        using HttpResponseMessage response = await provider.CreateHttpClient().GetAsync(new Uri(HttpTesting.Endpoint));

        Assert.Equal(Block, provider.HandlersOf().IdentityHandlersIn());
        Assert.Equal(["X-User-Sub: alice", "X-User-Team: red", "X-User-Role: admin"], backend.Only.Identity);
    }

    [Fact]
    public async Task Two_clients_keep_their_own_settings()
    {
        ServiceCollection services = NewServices(Users.With(("sub", "alice"), ("team", "red")));
        RecordingHandler one = AddClient("one", "X-One");
        RecordingHandler two = AddClient("two", "X-Two");
        var others = new RecordingHandler();
        services.AddHttpClient("other").ConfigurePrimaryHttpMessageHandler(() => others);
        await using ServiceProvider provider = services.BuildServiceProvider();

        foreach (string name in new[] { "one", "two", "other" })
        {
            // One client's identity header is an ordinary header to the other.
            HttpRequestMessage request = HttpTesting.Get($"http://{name}.test/").WithHeader("X-One", "1").WithHeader("X-Two", "2");
            using HttpResponseMessage response = await provider.CreateHttpClient(name).SendAsync(request);
        }

        Assert.Equal(["X-Two: 2", "X-One: red"], one.Only.Headers.Select(header => $"{header.Key}: {header.Value}"));
        Assert.Equal(["X-One: 1", "X-Two: red"], two.Only.Headers.Select(header => $"{header.Key}: {header.Value}"));
        Assert.Equal(["X-One: 1", "X-Two: 2"], others.Only.Headers.Select(header => $"{header.Key}: {header.Value}"));
        Assert.Empty(provider.HandlersOf("other").IdentityHandlersIn());

        RecordingHandler AddClient(string name, string header)
        {
            var backend = new RecordingHandler();
            services.AddMcpClient(name, new Uri($"http://{name}.test/"))
                .AddClaimInjection(options =>
                {
                    options.Headers.Clear();
                    options.Headers.Add(header, "team");
                })
                .ConfigurePrimaryHttpMessageHandler(() => backend);
            return backend;
        }
    }

    [Fact]
    public async Task Default_client_carries_no_identity_beside_a_named_one()
    {
        await using WireServer server = await WireServer.StartAsync();
        ServiceCollection services = NewServices(Users.Alice);
        services.AddMcpClient(server.Uri).AddClaimInjection();
        await using ServiceProvider provider = services.BuildServiceProvider();

        using HttpClient defaultClient = provider.GetRequiredService<IHttpClientFactory>().CreateClient();
        using HttpResponseMessage response = await defaultClient.GetAsync(server.Uri);

        Assert.Empty(server.OnlyHead.Identity);
        Assert.Empty(provider.HandlersOf(Options.DefaultName).IdentityHandlersIn());
    }

    [Fact]
    public async Task Filters_removed_after_registration_keep_the_identity_handlers()
    {
        ServiceCollection services = NewServices(Users.Alice);
        services.AddHttpClient(WiredClient.Name).AddClaimInjection(options => options.AllowAnyOrigin = true);
        services.RemoveAll<IHttpMessageHandlerBuilderFilter>();
        await using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal(Block, provider.HandlersOf().IdentityHandlersIn());
    }

    [Fact]
    public async Task Builder_registered_by_factory_or_key_keeps_the_identity_handlers()
    {
        ServiceCollection services = NewServices(Users.Alice);
        services.AddHttpClient(WiredClient.Name).AddClaimInjection(options => options.AllowAnyOrigin = true);
        ServiceDescriptor decorated = services.Last(service => service.ServiceType == typeof(HttpMessageHandlerBuilder));
        services.AddTransient(provider => (HttpMessageHandlerBuilder)decorated.ImplementationFactory!(provider));
        services.AddKeyedSingleton("other", Substitute.For<HttpMessageHandlerBuilder>());
        services.AddHttpClient("second").AddClaimInjection(options => options.AllowAnyOrigin = true);
        await using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal(Block, provider.HandlersOf().IdentityHandlersIn());
        Assert.Equal(Block, provider.HandlersOf("second").IdentityHandlersIn());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Handler_that_a_builder_puts_between_sees_the_whole_request(bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync();
        var between = new HeaderRecordingHandler();
        ServiceCollection services = NewServices(Users.Named("alice"));
        services.AddTransient<HttpMessageHandlerBuilder>(_ => new InsertingBuilder(between));
        services.AddHttpClient(WiredClient.Name).AddClaimInjection(options => options.AllowAnyOrigin = true);
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.CreateHttpClient();
        HttpRequestMessage request = HttpTesting.Get(server.Uri.ToString()).WithHeader("X-Request", "1");

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal([["X-Request"], ["X-Request"]], between.Seen);
        Assert.Equal(["X-User-Sub: alice"], server.OnlyHead.Identity.Select(header => $"{header.Key}: {header.Value}"));
        Assert.Same(request, response.RequestMessage);
    }

    [Fact]
    public async Task Builder_replaced_after_registration_fails_with_a_clear_error()
    {
        ServiceCollection services = NewServices(Users.Alice);
        services.AddHttpClient(WiredClient.Name).AddClaimInjection(options => options.AllowAnyOrigin = true);
        services.AddTransient(_ => Substitute.For<HttpMessageHandlerBuilder>());
        await using ServiceProvider provider = services.BuildServiceProvider();

        var failure = Assert.Throws<OptionsValidationException>(() => provider.CreateHttpClient());

        Assert.Contains($"'{WiredClient.Name}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Register it before", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_removed_before_registration_keep_the_identity_handlers()
    {
        ServiceCollection services = NewServices(Users.Alice);
        IHttpClientBuilder builder = services.AddHttpClient(WiredClient.Name);
        services.RemoveAll<IHttpMessageHandlerBuilderFilter>();
        builder.AddClaimInjection(options => options.AllowAnyOrigin = true);
        await using ServiceProvider provider = services.BuildServiceProvider();

        Assert.Equal(Block, provider.HandlersOf().IdentityHandlersIn());
    }

    [Fact]
    public void Client_defaults_and_the_default_client_are_refused()
    {
        ServiceCollection services = NewServices(Users.Alice);

        ArgumentException defaults = Assert.Throws<ArgumentException>(() =>
            services.ConfigureHttpClientDefaults(builder => builder.AddClaimInjection()));
        ArgumentException unnamed = Assert.Throws<ArgumentException>(() => services.AddHttpClient(Options.DefaultName).AddClaimInjection());

        Assert.All([defaults, unnamed], refused => Assert.Contains("AddMcpClient", refused.Message, StringComparison.Ordinal));
    }

    private static ServiceCollection NewServices(ClaimsPrincipal user)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(user));
        return services;
    }
}
