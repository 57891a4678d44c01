using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>A server that uses an HttpContext again, at the very moment in which a task of its earlier request asks who the user is.</summary>
public sealed class HttpContextIdentityReuseTests
{
    [Fact]
    public void User_of_the_next_request_on_a_reused_HttpContext_is_not_seen()
    {
        using ServiceProvider services = new ServiceCollection().AddHttpContextIdentity().BuildServiceProvider();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpAuthenticationFeature>(new PassedOn(() => End(services), Users.Bob));
        services.GetRequiredService<IHttpContextAccessor>().HttpContext = context;

        ClaimsPrincipal? user = services.GetRequiredService<IIdentityAccessor>().User;

        Assert.NotNull(user);
        Assert.Empty(user.Identities);
    }

    [Fact]
    public void HttpContext_that_ends_during_a_read_has_an_anonymous_user()
    {
        using ServiceProvider services = new ServiceCollection().AddHttpContextIdentity().BuildServiceProvider();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpAuthenticationFeature>(new PassedOn(
            () =>
            {
                End(services);
                throw new ObjectDisposedException(nameof(HttpContext));
            },
            Users.Bob));
        services.GetRequiredService<IHttpContextAccessor>().HttpContext = context;

        ClaimsPrincipal? user = services.GetRequiredService<IIdentityAccessor>().User;

        Assert.NotNull(user);
        Assert.Empty(user.Identities);
    }

    [Fact]
    public async Task Tasks_of_a_request_see_it_end_and_others_do_not()
    {
        await using ServiceProvider services = new ServiceCollection().AddHttpContextIdentity().BuildServiceProvider();
        var accessor = services.GetRequiredService<IHttpContextAccessor>();
        var held = new AsyncGate();
        accessor.HttpContext = new DefaultHttpContext { User = Users.Alice };
        Task<string> ofAlices = Task.Run(AskAsync);
        accessor.HttpContext = new DefaultHttpContext { User = Users.Bob };
        Task<string> ofBobs = Task.Run(AskAsync);

        Assert.Equal("bob", accessor.HttpContext!.User.FindFirst("sub")!.Value);
        held.Release();

        Assert.Equal([UserNames.Anonymous, "Bob Brown"], await Task.WhenAll(ofAlices, ofBobs));

        async Task<string> AskAsync()
        {
            await held.WaitAsync();
            return UserNames.Of(services.GetRequiredService<IIdentityAccessor>().User);
        }
    }

    [Fact]
    public void Accessor_in_place_of_the_librarys_is_refused()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddHttpContextIdentity()
            .AddSingleton(NSubstitute.Substitute.For<IHttpContextAccessor>())
            .BuildServiceProvider();

        var refused = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<IIdentityAccessor>());

        Assert.StartsWith("AddHttpContextIdentity brings an IHttpContextAccessor of its own", refused.Message, StringComparison.Ordinal);
    }

    private static void End(IServiceProvider services) => services.GetRequiredService<IHttpContextAccessor>().HttpContext = null;

    private sealed class PassedOn(Action whenAsked, ClaimsPrincipal user) : IHttpAuthenticationFeature
    {
        public ClaimsPrincipal? User
        {
            get
            {
                whenAsked();
                return user;
            }

            set => throw new NotSupportedException();
        }
    }
}
