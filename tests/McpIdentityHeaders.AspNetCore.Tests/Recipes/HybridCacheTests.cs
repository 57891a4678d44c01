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
