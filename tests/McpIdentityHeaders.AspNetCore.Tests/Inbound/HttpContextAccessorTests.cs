using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>The framework's accessor works on, for every code that has one.</summary>
public sealed class HttpContextAccessorTests
{
    public static TheoryData<string> Registrations =>
    [
        "identity",
        "accessor identity",
        "identity accessor",
        "instance identity",
        "identity instance",
        "factory identity",
        "identity factory",
        "identity singleton singleton",
        "singleton instance identity factory singleton",
        "identity transient",
        "identity custom",
        "custom identity",
        "identity decorator",
        "contexts identity",
        "identity identity accessor",
        "keyed identity",
        "identity keyed",
        "tryAdd identity",
        "identity tryAdd",
        "identity wrapped",
        "accessor wrapped identity",
        "instance wrapped identity wrapped",
        "custom identity singleton",
    ];

    [Theory]
    [MemberData(nameof(Registrations))]
    public async Task Every_accessor_has_the_request_however_it_is_registered(string order)
    {
        InboundServer server = null!;
        server = await InboundServer.StartAsync(services => Register(services, order), app => app.MapGet("/", async context =>
        {
            await Task.Yield();
            bool[] same =
            [
                ReferenceEquals(new HttpContextAccessor().HttpContext, context),
                ReferenceEquals(server.Services.GetRequiredService<IHttpContextAccessor>().HttpContext, context),
            ];
            await context.Response.WriteAsync($"{string.Join(' ', same)} {UserNames.Of(server.Accessor.User)}");
        }));
        await using (server)
        {
            using HttpClient client = server.NewClient();

            Assert.Equal("True True alice", await server.GetAsync(client, "/", "alice"));
            Assert.Equal("True True anonymous", await server.GetAsync(client, "/", null));
            Assert.Equal("True True bob", await server.GetAsync(client, "/", "bob"));
            Assert.Null(server.Accessor.User);
        }
    }

    [Theory]
    [MemberData(nameof(Registrations))]
    public async Task Task_that_outlives_its_request_is_anonymous_however_it_is_registered(string order)
    {
        var held = new AsyncGate();
        Task<string> outliving = null!;
        InboundServer server = null!;
        server = await InboundServer.StartAsync(services => Register(services, order), app =>
        {
            app.MapGet("/start", context =>
            {
                outliving = Task.Run(async () =>
                {
                    await held.WaitAsync();
                    return UserNames.Of(server.Accessor.User);
                });
                return context.Response.WriteAsync("started");
            });
            app.MapGet("/next", context => context.Response.WriteAsync("next"));
        });
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/start", "alice");
            await server.GetAsync(client, "/next", "bob");
            held.Release();

            Assert.Equal(UserNames.Anonymous, await outliving.WaitAsync(AsyncGate.Patience));
        }
    }

    [Fact]
    public async Task Framework_accessor_alone_is_registered()
    {
        await using ServiceProvider services = new ServiceCollection().AddHttpContextIdentity().BuildServiceProvider(validateScopes: true);

        Assert.IsType<HttpContextAccessor>(Assert.Single(services.GetServices<IHttpContextAccessor>()));
    }

    [Fact]
    public async Task Flow_that_clears_its_accessor_in_a_request_is_anonymous()
    {
        InboundServer server = null!;
        server = await InboundServer.StartAsync(null, app => app.MapGet("/", context =>
        {
            new HttpContextAccessor().HttpContext = null;
            return context.Response.WriteAsync(UserNames.Of(server.Accessor.User));
        }));
        await using (server)
        {
            using HttpClient client = server.NewClient();

            Assert.Equal(UserNames.Anonymous, await server.GetAsync(client, "/", "alice"));
        }
    }

    [Fact]
    public async Task Code_beside_requests_finds_none_while_one_runs()
    {
        var asked = new AsyncGate();
        var answer = new TaskCompletionSource<string>();
        InboundServer server = null!;
        server = await InboundServer.StartAsync(null, app => app.MapGet("/", async context =>
        {
            asked.Release();
            await context.Response.WriteAsync(await answer.Task.WaitAsync(AsyncGate.Patience));
        }));
        await using (server)
        {
            // Begun outside any request, as a hosted service is.
            Task beside = Task.Run(async () =>
            {
                await asked.WaitAsync();
                answer.SetResult($"{new HttpContextAccessor().HttpContext is null} {server.Accessor.User is null}");
            });
            using HttpClient client = server.NewClient();

            Assert.Equal("True True", await server.GetAsync(client, "/", "alice"));
            await beside;
        }
    }

    [Theory]
    [InlineData("own identity", "another was registered in its place")]
    [InlineData("identity own", "another was registered in its place")]
    [InlineData("identity ownInstance", "another was registered in its place")]
    [InlineData("identity ownFactory", "another was registered in its place")]
    [InlineData("identity scoped", "LingeringAccessor is registered as Scoped")]
    [InlineData("identity customTransient", "LingeringAccessor is registered as Transient")]
    [InlineData("identity shared", "SharedAccessor does not give each request's flow the HttpContext")]
    [InlineData("shared identity", "SharedAccessor does not give each request's flow the HttpContext")]
    [InlineData("identity none", "none is registered any more. Call AddHttpContextAccessor")]
    [InlineData("identity empty", "EmptyAccessor does not give each request's flow the HttpContext")]
    public async Task What_cannot_work_is_refused_at_start_up(string order, string expected)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        Register(builder.Services, order);
        await using WebApplication app = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static void Register(IServiceCollection services, string order)
    {
        foreach (string call in order.Split(' '))
        {
            _ = call switch
            {
                "identity" => services.AddHttpContextIdentity(),
                "accessor" => services.AddHttpContextAccessor(),
                "instance" => services.AddSingleton<IHttpContextAccessor>(new HttpContextAccessor()),
                "factory" => services.AddSingleton<IHttpContextAccessor>(_ => new HttpContextAccessor()),
                "singleton" => services.AddSingleton<IHttpContextAccessor, HttpContextAccessor>(),
                "transient" => services.AddTransient<IHttpContextAccessor, HttpContextAccessor>(),
                "custom" => services.AddSingleton<IHttpContextAccessor, LingeringAccessor>(),
                "decorator" => services.AddSingleton<IHttpContextAccessor, DecoratingAccessor>(),
                "contexts" => services.AddSingleton<IHttpContextFactory, DefaultHttpContextFactory>(),
                "keyed" => services.AddKeyedSingleton<IHttpContextAccessor, EmptyAccessor>("other"),
                "tryAdd" => TryAdd(services),
                "wrapped" => Wrap(services),
                "scoped" => services.AddScoped<IHttpContextAccessor, LingeringAccessor>(),
                "customTransient" => services.AddTransient<IHttpContextAccessor>(_ => new LingeringAccessor()),
                "shared" => services.AddSingleton<IHttpContextAccessor, SharedAccessor>(),
                "empty" => services.AddSingleton<IHttpContextAccessor, EmptyAccessor>(),
                "none" => services.RemoveAll<IHttpContextAccessor>(),
                "own" => services.AddSingleton<IHttpContextFactory, OwnFactory>(),
                "ownInstance" => services.AddSingleton<IHttpContextFactory>(new OwnFactory()),
                "ownFactory" => services.AddSingleton<IHttpContextFactory>(_ => new OwnFactory()),
                _ => throw new ArgumentOutOfRangeException(nameof(order)),
            };
        }
    }

    private static IServiceCollection TryAdd(IServiceCollection services)
    {
        services.TryAddSingleton<IHttpContextAccessor, LingeringAccessor>();
        return services;
    }

    /// <summary>Puts a decorator around what is registered, as libraries for that do.</summary>
    private static IServiceCollection Wrap(IServiceCollection services)
    {
        ServiceDescriptor inner = services.Last(service => !service.IsKeyedService && service.ServiceType == typeof(IHttpContextAccessor));
        return services.Replace(ServiceDescriptor.Singleton<IHttpContextAccessor>(provider => new WrappingAccessor(
            (IHttpContextAccessor)(inner.ImplementationInstance
                ?? inner.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)))));
    }

    /// <summary>Its value stays with a flow that outlives the request.</summary>
    private sealed class LingeringAccessor : IHttpContextAccessor
    {
        private readonly AsyncLocal<HttpContext?> _current = new();

        public HttpContext? HttpContext
        {
            get => _current.Value;
            set => _current.Value = value;
        }
    }

    /// <summary>One user's request would be all users'.</summary>
    private sealed class SharedAccessor : IHttpContextAccessor
    {
        public HttpContext? HttpContext { get; set; }
    }

    private sealed class EmptyAccessor : IHttpContextAccessor
    {
        public HttpContext? HttpContext
        {
            get => null;
            set
            {
            }
        }
    }

    private sealed class DecoratingAccessor : IHttpContextAccessor
    {
        private readonly HttpContextAccessor _inner = new();

        public HttpContext? HttpContext
        {
            get => _inner.HttpContext;
            set => _inner.HttpContext = value;
        }
    }

    private sealed class WrappingAccessor(IHttpContextAccessor inner) : IHttpContextAccessor
    {
        public HttpContext? HttpContext
        {
            get => inner.HttpContext;
            set => inner.HttpContext = value;
        }
    }

    private sealed class OwnFactory : IHttpContextFactory
    {
        public HttpContext Create(IFeatureCollection featureCollection) => new DefaultHttpContext(featureCollection);

        public void Dispose(HttpContext httpContext)
        {
        }
    }
}
