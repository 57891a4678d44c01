using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>How AddHttpContextIdentity is called, and beside what.</summary>
public sealed class HttpContextIdentityRegistrationTests
{
    private static readonly Uri Backend = new("http://backend.test/mcp");

    public static TheoryData<string> Orders =>
    [
        "identity",
        "identity identity",
        "identity client",
        "client identity",
        "client identity client identity",
        "injection identity",
        "identity injection",
        "accessor identity client",
        "identity client accessor",
    ];

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Requests_user_is_the_user_whatever_is_registered_first(string order)
    {
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            services => Register(services, order),
            app => app.MapGet("/", context => context.Response.WriteAsync(UserNames.Of(server.Accessor.User))));
        await using (server)
        {
            using HttpClient client = server.NewClient();

            Assert.Null(server.Accessor.User);
            Assert.Equal("alice", await server.GetAsync(client, "/", "alice"));
            Assert.Equal(UserNames.Anonymous, await server.GetAsync(client, "/", null));
            Assert.Equal("bob", await server.GetAsync(client, "/", "bob"));
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task There_is_one_accessor_which_all_scopes_share(string order)
    {
        var services = new ServiceCollection();
        Register(services, order);
        await using ServiceProvider provider = services.BuildServiceProvider(
            new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
        await using AsyncServiceScope scope = provider.CreateAsyncScope();

        IIdentityAccessor accessor = Assert.Single(provider.GetServices<IIdentityAccessor>());
        Assert.Same(accessor, scope.ServiceProvider.GetRequiredService<IIdentityAccessor>());
    }

    [Theory]
    [InlineData("identity own", "Alice Adams")]
    [InlineData("own identity", "bob")]
    [InlineData("client identity own", "Alice Adams")]
    [InlineData("own client identity", "bob")]
    public async Task Accessor_of_ones_own_is_used_where_it_is_registered_last(string order, string expected)
    {
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            services => Register(services, order),
            app => app.MapGet("/", context => context.Response.WriteAsync(UserNames.Of(server.Accessor.User))));
        await using (server)
        {
            using HttpClient client = server.NewClient();

            Assert.Equal(expected, await server.GetAsync(client, "/", "bob"));
        }
    }

    [Fact]
    public void Calling_twice_adds_nothing()
    {
        IServiceCollection once = new ServiceCollection().AddHttpContextIdentity();
        int count = once.Count;

        Assert.Same(once, once.AddHttpContextIdentity());
        Assert.Equal(count, once.Count);
    }

    [Fact]
    public void Null_services_are_refused() => Assert.Equal(
        "services", Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddHttpContextIdentity()).ParamName);

    [Fact]
    public async Task Accessor_under_a_key_is_left_alone()
    {
        var own = new PropertyAccessor(Users.Alice);
        var services = new ServiceCollection();
        services.AddKeyedSingleton<IIdentityAccessor>("own", own);
        services.AddHttpContextIdentity();
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);

        Assert.Same(own, provider.GetRequiredKeyedService<IIdentityAccessor>("own"));
        Assert.Null(provider.GetRequiredService<IIdentityAccessor>().User);
    }

    private static void Register(IServiceCollection services, string order)
    {
        foreach (string call in order.Split(' '))
        {
            _ = call switch
            {
                "identity" => services.AddHttpContextIdentity(),
                "client" => services.AddMcpClient("backend", Backend).AddClaimInjection().Services,
                "injection" => services.AddHttpClient("other", client => client.BaseAddress = Backend).AddClaimInjection().Services,
                "accessor" => services.AddHttpContextAccessor(),
                "own" => services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(Users.Alice)),
                _ => throw new ArgumentOutOfRangeException(nameof(order)),
            };
        }
    }
}
