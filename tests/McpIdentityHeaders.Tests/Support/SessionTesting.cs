using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>Sessions with a user that a test can replace, as the pool does.</summary>
internal static class SessionTesting
{
    /// <summary>Alice as a later sign-in makes her.</summary>
    public static ClaimsPrincipal NewerAlice => Users.With(("sub", "alice"), ("name", "Alice Newer"), ("email", "alice@newer.example"));

    /// <summary>Opens a session in the current flow.</summary>
    public static Task<McpSession> OpenSessionAsync(this IServiceProvider services) =>
        Assert.IsType<McpClientFactory>(services.GetRequiredService<IMcpClientFactory>())
            .CreateSessionAsync(McpTesting.ClientName, CancellationToken.None);

    /// <summary>Opens a session in a scope that has been left when the session is there.</summary>
    public static Task<McpSession> OpenSessionAsync(this IServiceProvider services, ClaimsPrincipal? user) =>
        AmbientIdentity.RunAsync(user, services.OpenSessionAsync);

    /// <summary>Opens a session of Alice's, who has signed in anew since.</summary>
    public static async Task<McpSession> OpenSessionOfNewerAliceAsync(this IServiceProvider services)
    {
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        session.SetUser(NewerAlice);
        return session;
    }

    /// <summary>Enters the scope of a flow's user. Not async, so that the scope is the caller's.</summary>
    public static IdentityScope? Enter(this Flow flow) => flow switch
    {
        Flow.OfBob => AmbientIdentity.Use(Users.Bob),
        Flow.Anonymous => AmbientIdentity.Use(null),
        Flow.OfAnonymous => AmbientIdentity.Use(Users.Anonymous),
        _ => null,
    };

    public static IEnumerable<McpExchange> Calls(this McpBackend backend) =>
        backend.Exchanges.Where(exchange => exchange.Rpc == "tools/call");
}
