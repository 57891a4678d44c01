using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>An unauthenticated message is anonymous: neither unknown, nor another user's.</summary>
public sealed class UserIdentityAnonymousTests
{
    public static TheoryData<UserServerKind> Kinds => [.. Enum.GetValues<UserServerKind>()];

    public static TheoryData<UserServerKind> HttpKinds =>
        [.. Enum.GetValues<UserServerKind>().Where(kind => kind != UserServerKind.Streams)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Anonymous_message_has_a_principal_without_identities(UserServerKind kind)
    {
        ClaimsPrincipal? seen = null;
        await using UserServer server = await UserServer.StartAsync(
            kind,
            mcp => mcp.WithUserIdentity().WithRequestFilters(filters => filters.AddCallToolFilter(next => (context, cancellationToken) =>
            {
                seen = AmbientIdentity.User;
                return next(context, cancellationToken);
            })));
        await using McpClient client = await server.ConnectAsync(new Caller(null));

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));

        Assert.NotNull(seen);
        Assert.Empty(seen.Identities);
    }

    [Theory]
    [MemberData(nameof(HttpKinds))]
    public async Task Anonymous_user_stays_anonymous_within_another_users_flow(UserServerKind kind)
    {
        await using UserServer server = await UserServer.StartAsync(kind, before: InFlowOfMalloryAsync);
        await using McpClient client = await server.ConnectAsync(new Caller(null));

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));
    }

    [Theory]
    [MemberData(nameof(HttpKinds))]
    public async Task Signed_in_user_wins_over_the_surrounding_flow(UserServerKind kind)
    {
        await using UserServer server = await UserServer.StartAsync(kind, before: InFlowOfMalloryAsync);
        await using McpClient client = await server.ConnectAsync(new Caller("alice"));

        Assert.Equal("alice", await client.CallTextAsync("who"));
    }

    [Fact]
    public async Task Anonymous_user_stays_anonymous_on_streams_in_another_users_flow()
    {
        await using UserServer server = await UserServer.StartAsync(UserServerKind.Streams);
        using IdentityScope mallory = AmbientIdentity.Use(Users.Named("mallory"));
        await using McpClient client = await server.ConnectAsync(new Caller(null));

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));
    }

    [Theory]
    [InlineData(UserServerKind.Sessions)]
    [InlineData(UserServerKind.SessionsOfOneFlow)]
    [InlineData(UserServerKind.LegacySse)]
    [InlineData(UserServerKind.Streams)]
    public async Task Anonymous_user_stays_anonymous_on_a_session_that_a_user_opened(UserServerKind kind)
    {
        await using UserServer server =
            await UserServer.StartAsync(kind, before: kind == UserServerKind.Streams ? null : InFlowOfUserAsync);
        var caller = new Caller("alice");
        await using McpClient client = await server.ConnectAsync(caller);
        Assert.Equal("alice", await client.CallTextAsync("who"));

        caller.Name = null;

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));
    }

    [Fact]
    public async Task User_is_known_on_streams_that_an_anonymous_user_opened()
    {
        await using UserServer server = await UserServer.StartAsync(UserServerKind.Streams);
        var caller = new Caller(null);
        await using McpClient client = await server.ConnectAsync(caller);
        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));

        caller.Name = "alice";

        Assert.Equal("alice", await client.CallTextAsync("who"));
    }

    [Theory]
    [InlineData(UserServerKind.Stateless)]
    [InlineData(UserServerKind.Sessions)]
    public async Task Unauthenticated_identitys_claims_leave_the_user_anonymous(UserServerKind kind)
    {
        await using UserServer server = await UserServer.StartAsync(kind, signIn: (context, next) =>
        {
            context.User = new ClaimsPrincipal(Users.NotSignedIn(("sub", "mallory"), ("name", "Mallory")));
            return next(context);
        });
        await using McpClient client = await server.ConnectAsync(new Caller(null));

        Assert.Equal(UserNames.Anonymous, await client.CallTextAsync("who"));
    }

    private static Task InFlowOfMalloryAsync(HttpContext context, RequestDelegate next) =>
        AmbientIdentity.RunAsync(Users.Named("mallory"), () => next(context));

    private static Task InFlowOfUserAsync(HttpContext context, RequestDelegate next) =>
        context.User.Identity?.IsAuthenticated == true ? AmbientIdentity.RunAsync(context.User, () => next(context)) : next(context);
}
