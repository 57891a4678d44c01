namespace McpIdentityHeaders.Tests.Identity;

/// <summary>Scopes in child flows, async methods and async iterators.</summary>
public sealed class AmbientIdentityFlowTests
{
    private static string? Current => AmbientIdentity.User?.FindFirst("sub")?.Value;

    [Fact]
    public async Task Child_flow_inherits_the_user_and_keeps_it_when_the_parent_ends_the_scope()
    {
        var ended = new TaskCompletionSource();
        Task<string?> child;
        using (AmbientIdentity.Use(Users.Alice))
        {
            child = Task.Run(async () =>
            {
                await ended.Task;
                return Current;
            });
        }

        ended.SetResult();

        Assert.Equal("alice", await child);
        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public async Task Disposing_in_a_child_flow_ends_the_scope_there_and_not_in_the_parent()
    {
        using IdentityScope outer = AmbientIdentity.Use(Users.Bob);
        IdentityScope scope = AmbientIdentity.Use(Users.Alice);

        string? inChild = await Task.Run(() =>
        {
            scope.Dispose();
            return Current;
        });

        Assert.Equal("bob", inChild);
        Assert.Equal("alice", Current);

        using (AmbientIdentity.Use(Users.Named("carol")))
        {
            Assert.Equal("carol", Current);
        }

        Assert.Equal("alice", Current);
        scope.Dispose();
        Assert.Equal("bob", Current);
    }

    [Fact]
    public async Task Child_flow_restores_the_inherited_user_after_the_parent_ended_that_scope()
    {
        var opened = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        Task<string?> child = Task.Run(async () =>
        {
            IdentityScope inner = AmbientIdentity.Use(Users.Bob);
            opened.SetResult();
            await ended.Task;
            inner.Dispose();
            return Current;
        });

        await opened.Task;
        scope.Dispose();
        ended.SetResult();

        Assert.Equal("alice", await child);
    }

    [Fact]
    public async Task Scope_also_disposed_in_a_child_flow_is_not_restored_after_its_end()
    {
        IdentityScope outer = AmbientIdentity.Use(Users.Alice);
        await Task.Run(outer.Dispose);
        IdentityScope inner = AmbientIdentity.Use(Users.Bob);

        outer.Dispose();
        inner.Dispose();

        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public async Task Child_flow_that_disposes_all_inherited_scopes_keeps_the_parents_nested()
    {
        using IdentityScope outer = AmbientIdentity.Use(null);
        IdentityScope inner = AmbientIdentity.Use(Users.Alice);
        await Task.Run(() =>
        {
            inner.Dispose();
            outer.Dispose();
            Assert.Null(AmbientIdentity.User);
        });

        inner.Dispose();

        Assert.NotNull(AmbientIdentity.User);
        Assert.Empty(AmbientIdentity.User.Identities);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task Child_flow_that_disposes_out_of_order_changes_nothing_for_the_parent(int times)
    {
        using IdentityScope outermost = AmbientIdentity.Use(Users.Named("carol"));
        IdentityScope outer = AmbientIdentity.Use(Users.Alice);
        IdentityScope inner = AmbientIdentity.Use(Users.Bob);

        string? inChild = await Task.Run(() =>
        {
            for (int i = 0; i < times; i++)
            {
                outer.Dispose();
            }

            Assert.Equal("bob", Current);
            inner.Dispose();
            return Current;
        });

        Assert.Equal("carol", inChild);
        Assert.Equal("bob", Current);
        inner.Dispose();
        Assert.Equal("alice", Current);
        outer.Dispose();
        Assert.Equal("carol", Current);
    }

    [Fact]
    public async Task Awaited_method_that_disposes_its_callers_outer_scope_changes_nothing_for_it()
    {
        using IdentityScope outer = AmbientIdentity.Use(Users.Alice);
        IdentityScope inner = AmbientIdentity.Use(Users.Bob);

        await DisposeOuterAsync();
        inner.Dispose();

        Assert.Equal("alice", Current);

        async Task DisposeOuterAsync()
        {
            await Task.Yield();
            outer.Dispose();
        }
    }

    [Fact]
    public async Task Parent_that_disposes_out_of_order_changes_nothing_for_the_child_flow()
    {
        var ended = new TaskCompletionSource();
        IdentityScope outer = AmbientIdentity.Use(Users.Alice);
        IdentityScope inner = AmbientIdentity.Use(Users.Bob);
        Task<string?> child = Task.Run(async () =>
        {
            await ended.Task;
            inner.Dispose();
            return Current;
        });

        outer.Dispose();
        ended.SetResult();

        Assert.Equal("alice", await child);
        inner.Dispose();
        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public async Task Disposing_in_a_flow_without_the_scope_changes_nothing_there()
    {
        IdentityScope scope;
        Task<string?> elsewhere;
        var opened = new TaskCompletionSource<IdentityScope>();
        using (AmbientIdentity.Use(Users.Bob))
        {
            elsewhere = Task.Run(async () =>
            {
                (await opened.Task).Dispose();
                return Current;
            });
        }

        scope = AmbientIdentity.Use(Users.Alice);
        opened.SetResult(scope);

        Assert.Equal("bob", await elsewhere);
        Assert.Equal("alice", Current);
        scope.Dispose();
        Assert.Null(AmbientIdentity.User);
    }

    [Fact]
    public async Task Scope_opened_by_an_awaited_async_method_is_not_in_force_for_its_caller()
    {
        using IdentityScope scope = await OpenAsync();

        Assert.Null(AmbientIdentity.User);

        static async Task<IdentityScope> OpenAsync()
        {
            await Task.Yield();
            return AmbientIdentity.Use(Users.Alice);
        }
    }

    [Fact]
    public async Task Scope_opened_in_an_async_iterator_is_in_force_up_to_the_next_yield_only()
    {
        List<string?> inIterator = [];
        List<string?> inConsumer = [];

        await foreach (int _ in Iterate())
        {
            inConsumer.Add(Current);
        }

        Assert.Equal(["alice", null], inIterator);
        Assert.Equal([null, null], inConsumer);

        async IAsyncEnumerable<int> Iterate()
        {
            using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
            await Task.Yield();
            inIterator.Add(Current);
            yield return 1;

            inIterator.Add(Current);
            yield return 2;
        }
    }

    [Fact]
    public void Scope_opened_in_an_iterator_is_in_force_for_its_consumer_until_it_is_disposed()
    {
        List<string?> inConsumer = [];

        foreach (int _ in Iterate())
        {
            inConsumer.Add(Current);
        }

        Assert.Equal(["alice", null], inConsumer);
        Assert.Null(AmbientIdentity.User);

        static IEnumerable<int> Iterate()
        {
            using (AmbientIdentity.Use(Users.Alice))
            {
                yield return 1;
            }

            yield return 2;
        }
    }

    [Fact]
    public async Task Scope_around_an_await_foreach_is_in_force_in_every_step()
    {
        List<string?> inIterator = [];

        using (AmbientIdentity.Use(Users.Alice))
        {
            await foreach (int _ in Iterate())
            {
            }
        }

        Assert.Equal(["alice", "alice"], inIterator);

        async IAsyncEnumerable<int> Iterate()
        {
            inIterator.Add(Current);
            yield return 1;
            await Task.Yield();
            inIterator.Add(Current);
        }
    }
}
