using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Who the user is within a request.</summary>
public sealed class HttpContextIdentityTests
{
    [Theory]
    [InlineData("alice", false)]
    [InlineData("alice", true)]
    [InlineData(null, false)]
    [InlineData(null, true)]
    public async Task Request_runs_as_its_user_or_anonymously(string? user, bool http2)
    {
        await using InboundServer server = await StartAsync(async accessor =>
        {
            string before = UserNames.Of(accessor.User);
            await Task.Yield();
            return $"{before}, {UserNames.Of(accessor.User)}";
        }, http2);
        using HttpClient client = server.NewClient();

        string who = user ?? UserNames.Anonymous;
        Assert.Equal($"{who}, {who}", await server.GetAsync(client, "/", user));
    }

    [Fact]
    public async Task User_is_the_principal_of_the_request_itself()
    {
        bool? isSame = null;
        InboundServer server = null!;
        server = await InboundServer.StartAsync(null, app => app.MapGet("/", context =>
        {
            isSame = ReferenceEquals(context.User, server.Accessor.User);
            return context.Response.WriteAsync("ok");
        }));
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/", "alice");
        }

        Assert.True(isSame);
    }

    [Theory]
    [InlineData("alice", "bob", "bob")]
    [InlineData("alice", null, UserNames.Anonymous)]
    [InlineData(null, "bob", "bob")]
    [InlineData(null, null, UserNames.Anonymous)]
    public async Task Ambient_user_comes_first_and_the_requests_own_comes_back(string? user, string? ambient, string expected)
    {
        await using InboundServer server = await StartAsync(async accessor =>
        {
            string within;
            using (AmbientIdentity.Use(ambient is null ? null : Users.Named(ambient)))
            {
                await Task.Yield();
                within = UserNames.Of(accessor.User);
            }

            return $"{within}, {UserNames.Of(accessor.User)}";
        });
        using HttpClient client = server.NewClient();

        Assert.Equal($"{expected}, {user ?? UserNames.Anonymous}", await server.GetAsync(client, "/", user));
    }

    [Fact]
    public async Task Ambient_anonymous_user_takes_precedence_over_the_requests_user()
    {
        await using InboundServer server = await StartAsync(accessor =>
        {
            using IdentityScope scope = AmbientIdentity.Use(Users.Anonymous);
            return Task.FromResult(UserNames.Of(accessor.User));
        });
        using HttpClient client = server.NewClient();

        Assert.Equal(UserNames.Anonymous, await server.GetAsync(client, "/", "alice"));
    }

    [Fact]
    public async Task User_is_unknown_outside_of_any_request()
    {
        await using InboundServer server = await StartAsync(accessor => Task.FromResult(UserNames.Of(accessor.User)));
        using HttpClient client = server.NewClient();
        Assert.Null(server.Accessor.User);

        Assert.Equal("alice", await server.GetAsync(client, "/", "alice"));

        Assert.Null(server.Accessor.User);
        using IdentityScope scope = AmbientIdentity.Use(Users.Bob);
        Assert.Equal("Bob Brown", UserNames.Of(server.Accessor.User));
    }

    [Fact]
    public async Task Flow_that_suppresses_its_context_is_in_no_request()
    {
        await using InboundServer server = await StartAsync(async accessor =>
        {
            Task<string> seen;
            using (ExecutionContext.SuppressFlow())
            {
                seen = Task.Run(() => UserNames.Of(accessor.User));
            }

            return await seen;
        });
        using HttpClient client = server.NewClient();

        Assert.Equal(UserNames.Unknown, await server.GetAsync(client, "/", "alice"));
    }

    [Fact]
    public async Task Tasks_within_the_request_run_as_its_user()
    {
        await using InboundServer server = await StartAsync(async accessor =>
        {
            var timer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            using var once = new Timer(_ => timer.TrySetResult(UserNames.Of(accessor.User)), null, 0, Timeout.Infinite);
            string[] seen = await Task.WhenAll(
                Task.Run(() => UserNames.Of(accessor.User)),
                Task.Factory.StartNew(
                    () => UserNames.Of(accessor.User), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default),
                Task.Run(async () =>
                {
                    await Task.Yield();
                    return UserNames.Of(accessor.User);
                }),
                timer.Task);
            return string.Join(", ", seen);
        });
        using HttpClient client = server.NewClient();

        Assert.Equal("alice, alice, alice, alice", await server.GetAsync(client, "/", "alice"));
        Assert.Equal("anonymous, anonymous, anonymous, anonymous", await server.GetAsync(client, "/", null));
    }

    [Fact]
    public async Task Request_with_a_complete_response_keeps_its_user_to_its_end()
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var received = new AsyncGate();
        InboundServer server = null!;
        server = await InboundServer.StartAsync(null, app => app.MapGet("/", async context =>
        {
            await context.Response.WriteAsync("done");
            await context.Response.CompleteAsync();
            await received.WaitAsync();
            seen.SetResult(UserNames.Of(server.Accessor.User));
        }));
        await using (server)
        {
            using HttpClient client = server.NewClient();
            Assert.Equal("done", await server.GetAsync(client, "/", "alice"));
            received.Release();

            Assert.Equal("alice", await seen.Task.WaitAsync(AsyncGate.Patience));
        }
    }

    private static async Task<InboundServer> StartAsync(Func<IIdentityAccessor, Task<string>> look, bool http2 = false)
    {
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null, app => app.MapGet("/", async context => await context.Response.WriteAsync(await look(server.Accessor))), http2);
        return server;
    }
}
