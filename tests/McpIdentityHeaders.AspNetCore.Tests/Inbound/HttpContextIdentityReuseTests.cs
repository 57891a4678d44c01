using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>
/// A server that uses an HttpContext again, at the very moment in which a task of its earlier request asks who the user is.
/// </summary>
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
        var requests = services.GetRequiredService<IHttpContextFactory>();
        var held = new AsyncGate();
        HttpContext alices = requests.Create(new DefaultHttpContext { User = Users.Alice }.Features);
        Task<string> ofAlices = Task.Run(AskAsync);
        requests.Dispose(alices);
        HttpContext bobs = requests.Create(new DefaultHttpContext { User = Users.Bob }.Features);
        Task<string> ofBobs = Task.Run(AskAsync);

        Assert.Same(bobs, services.GetRequiredService<IHttpContextAccessor>().HttpContext);
        held.Release();

        Assert.Equal([UserNames.Anonymous, "Bob Brown"], await Task.WhenAll(ofAlices, ofBobs));

        async Task<string> AskAsync()
        {
            await held.WaitAsync();
            return UserNames.Of(services.GetRequiredService<IIdentityAccessor>().User);
        }
    }

    [Fact]
    public void HttpContext_that_code_sets_without_a_server_has_its_user()
    {
        using ServiceProvider services = new ServiceCollection().AddHttpContextIdentity().BuildServiceProvider();
        var identity = services.GetRequiredService<IIdentityAccessor>();

        new HttpContextAccessor().HttpContext = new DefaultHttpContext { User = Users.Bob };
        Assert.Equal("Bob Brown", UserNames.Of(identity.User));

        End(services);
        Assert.Null(identity.User);
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
