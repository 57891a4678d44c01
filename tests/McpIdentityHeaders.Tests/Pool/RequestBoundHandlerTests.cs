using Microsoft.AspNetCore.HeaderPropagation;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Handlers that work within an HTTP request only, on a client with sessions that the pool opens in a flow of their own.</summary>
public sealed class RequestBoundHandlerTests
{
    public static TheoryData<string, Type> Handlers => new()
    {
        { "header propagation", typeof(InvalidOperationException) },
        { "null reference", typeof(NullReferenceException) },
        { "null argument", typeof(ArgumentNullException) },
        { "configuration", typeof(NullReferenceException) },
        { "transport options", typeof(NullReferenceException) },
        { "client options", typeof(NullReferenceException) },
    };

    [Theory]
    [MemberData(nameof(Handlers))]
    public async Task Error_says_that_the_pool_opens_sessions_in_a_flow_of_their_own(string handler, Type cause)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend, builder => AddHandler(builder, handler));
        UseRequest(services);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => services.RentForAsync(Users.Alice));

        Assert.StartsWith($"MCP client '{McpTesting.ClientName}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("a flow of their own", error.Message, StringComparison.Ordinal);
        Assert.Contains("IMcpClientFactory", error.Message, StringComparison.Ordinal);
        Assert.IsType(cause, error.InnerException);
        Assert.Empty(backend.Exchanges);
    }

    [Theory]
    [MemberData(nameof(Handlers))]
    public async Task Session_of_the_factory_opens_within_the_request(string handler, Type cause)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend, builder => AddHandler(builder, handler));
        UseRequest(services);

        await using McpClient client = await services.GetRequiredService<IMcpClientFactory>().CreateClientAsync(McpTesting.ClientName);

        Assert.NotNull(cause);
        Assert.NotEmpty(backend.Exchanges);
    }

    [Theory]
    [MemberData(nameof(Handlers))]
    public async Task Error_of_a_session_of_the_factory_stays_as_it_is(string handler, Type cause)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend, builder => AddHandler(builder, handler));

        Exception? error = await Record.ExceptionAsync(
            () => services.GetRequiredService<IMcpClientFactory>().CreateClientAsync(McpTesting.ClientName));

        Assert.True(handler == "transport options" ? error is null : error?.GetType() == cause, $"{error}");
    }

    [Fact]
    public async Task Refusal_of_the_library_stays_as_it_is()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend, builder =>
            builder.AddClaimInjection(options => options.Headers.Add(new ClaimHeader("X-Tenant", "tid") { Required = true })));

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(Users.Alice));

        Assert.Equal(ClaimInjectionErrorReason.MissingClaim, refused.Reason);
    }

    [Fact]
    public async Task Error_of_the_network_stays_as_it_is()
    {
        McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await backend.DisposeAsync();
        await using ServiceProvider services = Services(backend, _ => { });

        await Assert.ThrowsAsync<HttpRequestException>(() => services.RentForAsync(Users.Alice));
    }

    [Fact]
    public async Task Header_propagation_works_with_a_handler_in_front_that_gives_it_values()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend, builder =>
        {
            builder.AddHttpMessageHandler(
                provider => new NoPropagationOutsideRequests(provider.GetRequiredService<HeaderPropagationValues>()));
            AddHandler(builder, "header propagation");
        });
        UseRequest(services);

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));

        McpExchange call = Assert.Single(backend.Calls());
        Assert.Equal("1", call.Headers["X-Trace"]);
        Assert.All(backend.Exchanges.Except([call]), leg => Assert.False(leg.Headers.ContainsKey("X-Trace")));
    }

    private static void AddHandler(IHttpClientBuilder builder, string handler)
    {
        switch (handler)
        {
            case "header propagation":
                builder.AddHeaderPropagation();
                break;
            case "configuration":
                builder.ConfigureHttpClient((services, client) => client.DefaultRequestHeaders.Add(
                    "X-Trace", services.GetRequiredService<IHttpContextAccessor>().HttpContext!.TraceIdentifier));
                break;
            case "transport options":
                builder.Services.AddOptions<McpClientPoolOptions>(builder.Name).Configure<IHttpContextAccessor>((options, accessor) =>
                    options.TransportOptionsFactory = (_, transport) =>
                    {
                        transport.Name = accessor.HttpContext!.TraceIdentifier;
                        return transport;
                    });
                break;
            case "client options":
                builder.Services.AddOptions<McpClientOptions>(builder.Name).Configure<IHttpContextAccessor>((options, accessor) =>
                    options.ClientInfo = new() { Name = accessor.HttpContext!.TraceIdentifier, Version = "1" });
                break;
            default:
                builder.AddHttpMessageHandler(services => new BearerHandler(
                    services.GetRequiredService<IHttpContextAccessor>(), throwsNullReference: handler == "null reference"));
                break;
        }
    }

    private static ServiceProvider Services(McpBackend backend, Action<IHttpClientBuilder> configure)
    {
        ServiceCollection services = McpTesting.ServicesFor(backend, configure);
        services.AddSingleton<IHttpContextAccessor, HttpContextAccessor>();
        services.AddHeaderPropagation(options => options.Headers.Add("X-Trace"));
        return services.BuildServiceProvider();
    }

    /// <summary>Makes the current flow one of an HTTP request. Not async, so that the flow is the caller's.</summary>
    private static void UseRequest(IServiceProvider services)
    {
        services.GetRequiredService<IHttpContextAccessor>().HttpContext = new DefaultHttpContext { TraceIdentifier = "1" };
        services.GetRequiredService<HeaderPropagationValues>().Headers = new Dictionary<string, StringValues> { ["X-Trace"] = "1" };
    }

    /// <summary>The recipe of docs/sessions.md.</summary>
    private sealed class NoPropagationOutsideRequests(HeaderPropagationValues values) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            values.Headers ??= new Dictionary<string, StringValues>();
            return await base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class BearerHandler(IHttpContextAccessor accessor, bool throwsNullReference) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpContext? context = accessor.HttpContext;
            if (!throwsNullReference)
            {
                ArgumentNullException.ThrowIfNull(context);
            }

            request.Headers.Authorization = new("Bearer", context!.TraceIdentifier);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
