using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>HybridCache, which runs what makes an entry in a flow without a user if it can be cancelled.</summary>
public sealed class HybridCacheTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_user_has_entries_of_their_own(bool canCancel)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend);
        CachedNotes notes = services.GetRequiredService<CachedNotes>();
        using var cancellation = new CancellationTokenSource();
        CancellationToken token = canCancel ? cancellation.Token : CancellationToken.None;
        string[] names = ["alice", "bob", "a/b", "a", "alice", "bob"];

        string[] first = await Task.WhenAll(names.Select(name => notes.WhoAmIAsync(Users.Named(name), token).AsTask()));
        string[] second = await Task.WhenAll(names.Select(name => notes.WhoAmIAsync(Users.Named(name), token).AsTask()));

        Assert.Equal(names, first);
        Assert.Equal(names, second);
        Assert.Equal(
            names.Distinct().Order(),
            backend.Exchanges.Where(exchange => exchange.Rpc == "tools/call").Select(exchange => exchange.Subject!).Order());
    }

    [Fact]
    public async Task Issuer_and_subject_cannot_be_mistaken_for_another_pair()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = Services(backend);
        CachedNotes notes = services.GetRequiredService<CachedNotes>();

        Assert.Equal("c", await notes.WhoAmIAsync(Users.With(("iss", "a/b"), ("sub", "c")), CancellationToken.None));
        Assert.Equal("b/c", await notes.WhoAmIAsync(Users.With(("iss", "a"), ("sub", "b/c")), CancellationToken.None));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Same_subject_of_two_sign_ins_is_two_users(bool hasIssuer)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend);
        CachedNotes notes = services.GetRequiredService<CachedNotes>();
        string[] issuers = ["https://a.example", "https://b.example"];
        ClaimsPrincipal[] users = [.. issuers.Select(issuer => new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim("sub", "alice", ClaimValueTypes.String, issuer),
                .. hasIssuer ? (Claim[])[new Claim("iss", issuer)] : [],
            ],
            authenticationType: "test")))];

        await Task.WhenAll(users.Select(user => notes.WhoAmIAsync(user, CancellationToken.None).AsTask()));

        Assert.Equal(2, backend.Exchanges.Count(exchange => exchange.Rpc == "tools/call"));
    }

    [Fact]
    public async Task Users_who_wait_for_entries_at_once_each_get_their_own()
    {
        var gate = new AsyncGate(expected: 2);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, async (context, next) =>
        {
            if (context.Request.Headers["Mcp-Method"] == "tools/call")
            {
                await gate.WaitAsync();
            }

            await next(context);
        });
        await using ServiceProvider services = Services(backend);
        CachedNotes notes = services.GetRequiredService<CachedNotes>();
        using var gaveUp = new CancellationTokenSource();

        // Of all who wait for Alice's entry, the one who started it gives up.
        Task<string> first = AmbientIdentity.RunAsync(Users.Alice, () => notes.WhoAmIAsync(Users.Alice, gaveUp.Token).AsTask());
        Task<string>[] others = [.. Enumerable.Range(0, 20).Select(number => number % 2 == 0 ? Users.Alice : Users.Bob).Select(
            user => AmbientIdentity.RunAsync(user, () => notes.WhoAmIAsync(user, CancellationToken.None).AsTask()))];
        await gate.Arrived;
        await gaveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.Release();

        Assert.Equal(Enumerable.Range(0, 20).Select(number => number % 2 == 0 ? "alice" : "bob"), await Task.WhenAll(others));
        Assert.Equal(2, backend.Exchanges.Count(exchange => exchange.Rpc == "tools/call"));
    }

    [Fact]
    public async Task Scope_alone_does_not_reach_what_makes_the_entry()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = Services(backend);
        using var cancellation = new CancellationTokenSource();

        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        string user = await services.GetRequiredService<HybridCache>().GetOrCreateAsync(
            "key", _ => ValueTask.FromResult(UserNames.Ambient), cancellationToken: cancellation.Token);

        Assert.Equal(UserNames.Unknown, user);
    }

    private static ServiceProvider Services(McpBackend backend)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
        services.AddSingleton<Notes>();
        services.AddSingleton<CachedNotes>();
        services.AddHybridCache();
        return services.BuildServiceProvider(validateScopes: true);
    }
}
