using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Tests.Identity;

public sealed class AmbientIdentityTests
{
    private static string? Current => AmbientIdentity.User?.FindFirst("sub")?.Value;

    [Fact]
    public void User_without_a_scope_is_null() => Assert.Null(AmbientIdentity.User);

    [Fact]
    public void Use_with_null_sets_an_anonymous_user()
    {
        using IdentityScope scope = AmbientIdentity.Use(null);

        Assert.NotNull(AmbientIdentity.User);
        Assert.Empty(AmbientIdentity.User.Identities);
    }

    [Fact]
    public void Anonymous_principal_is_not_shared_between_scopes()
    {
        using (AmbientIdentity.Use(null))
        {
            AmbientIdentity.User!.AddIdentity(Users.SignedIn(("sub", "mallory")));
        }

        using (AmbientIdentity.Use(null))
        {
            Assert.Empty(AmbientIdentity.User!.Identities);
        }
    }

    [Fact]
    public void Inner_scope_hides_the_outer_until_disposed()
    {
        using (AmbientIdentity.Use(Users.Alice))
        {
            using (AmbientIdentity.Use(Users.Bob))
            {
                Assert.Equal("bob", Current);
            }

            Assert.Equal("alice", Current);
        }

        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public void Disposing_twice_has_no_further_effect()
    {
        using IdentityScope outer = AmbientIdentity.Use(Users.Alice);
        IdentityScope inner = AmbientIdentity.Use(Users.Bob);
        inner.Dispose();
        using IdentityScope next = AmbientIdentity.Use(Users.Named("carol"));

        inner.Dispose();

        Assert.Equal("carol", Current);
    }

    [Fact]
    public void Disposing_the_outer_scope_first_keeps_the_inner_and_skips_the_outer()
    {
        using IdentityScope outermost = AmbientIdentity.Use(Users.Named("carol"));
        IdentityScope outer = AmbientIdentity.Use(Users.Alice);
        IdentityScope inner = AmbientIdentity.Use(Users.Bob);

        outer.Dispose();
        Assert.Equal("bob", Current);

        inner.Dispose();
        Assert.Equal("carol", Current);
    }

    [Fact]
    public void Chained_scopes_end_where_the_first_began()
    {
        IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        for (int i = 0; i < 100_000; i++)
        {
            IdentityScope next = AmbientIdentity.Use(Users.Bob);
            scope.Dispose();
            scope = next;
        }

        Assert.Equal("bob", Current);
        scope.Dispose();
        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public void Scopes_that_hand_over_to_one_another_do_not_keep_earlier_users_alive()
    {
        WeakReference[] users = HandOver(100, out IdentityScope last);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // The scope in force may keep the one that it replaced.
        Assert.DoesNotContain(users[..^2], user => user.IsAlive);
        Assert.Equal("user 99", Current);
        last.Dispose();
        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public void Many_scopes_ended_oldest_first_end_without_a_deep_stack()
    {
        IdentityScope[] scopes = [.. Enumerable.Range(0, 100_000).Select(_ => AmbientIdentity.Use(null))];

        Array.ForEach(scopes, scope => scope.Dispose());

        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public async Task RunAsync_sets_the_user_for_the_action_only()
    {
        string? within = null;

        await AmbientIdentity.RunAsync(Users.Alice, async () =>
        {
            await Task.Yield();
            within = Current;
        });

        Assert.Equal("alice", within);
        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public async Task RunAsync_with_null_is_anonymous_and_returns_the_result()
    {
        using IdentityScope outer = AmbientIdentity.Use(Users.Alice);

        int identities = await AmbientIdentity.RunAsync(null, () => Task.FromResult(AmbientIdentity.User!.Identities.Count()));

        Assert.Equal(0, identities);
        Assert.Equal("alice", Current);
    }

    [Fact]
    public async Task RunAsync_ends_the_scope_when_the_action_fails()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => AmbientIdentity.RunAsync(Users.Alice, () => throw new TimeoutException()));

        Assert.Null(AmbientIdentity.User);
    }

    /// <summary>Not inlined: a caller's locals would keep the users alive.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] HandOver(int scopes, out IdentityScope last)
    {
        var users = new WeakReference[scopes];
        IdentityScope? current = null;
        for (int i = 0; i < scopes; i++)
        {
            ClaimsPrincipal user = Users.Named($"user {i}");
            users[i] = new WeakReference(user);
            IdentityScope next = AmbientIdentity.Use(user);
            current?.Dispose();
            current = next;
        }

        last = current!;
        return users;
    }
}
