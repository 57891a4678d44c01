using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Requests of many users at the same time.</summary>
public sealed class HttpContextIdentityConcurrencyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_that_are_open_at_once_run_as_their_own_users(bool http2)
    {
        string?[] users = [.. Enumerable.Range(0, 50).Select(number => number % 7 == 0 ? null : $"user-{number}")];
        var held = new AsyncGate(expected: users.Length);
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app => app.MapGet("/", async context =>
            {
                string before = UserNames.Of(server.Accessor.User);
                await held.WaitAsync();
                string[] after = await LookInTasksAsync(server.Accessor);
                await context.Response.WriteAsync(string.Join(", ", [before, .. after]));
            }),
            http2);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Uri };

            Task<string[]> answers = Task.WhenAll(users.Select(user => server.GetAsync(client, "/", user)));
            await held.Arrived;
            held.Release();

            Assert.Equal(users.Select(user => string.Join(", ", Enumerable.Repeat(user ?? UserNames.Anonymous, 4))), await answers);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_and_what_outlives_them_never_see_another_user(bool http2)
    {
        const int Callers = 8;
        const int Rounds = 40;
        using var wrong = new ThreadLocal<List<string>>(() => [], trackAllValues: true);
        var outliving = new System.Collections.Concurrent.ConcurrentBag<Task>();
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app => app.MapGet("/", async context =>
            {
                string own = UserNames.Of(context.User);
                outliving.Add(Task.Run(async () =>
                {
                    for (int look = 0; look < 200; look++)
                    {
                        string who = UserNames.Of(server.Accessor.User);
                        if (who != own && who != UserNames.Anonymous)
                        {
                            wrong.Value!.Add($"{who} outlived as {own}");
                        }

                        await Task.Yield();
                    }
                }));
                await Task.Yield();
                await context.Response.WriteAsync(UserNames.Of(server.Accessor.User));
            }),
            http2);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Uri };
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
            {
                for (int round = 0; round < Rounds; round++)
                {
                    string? user = (caller + round) % 5 == 0 ? null : $"user-{caller}-{round}";
                    Assert.Equal(user ?? UserNames.Anonymous, await server.GetAsync(client, "/", user));
                }
            }));
            await Task.WhenAll(outliving).WaitAsync(AsyncGate.Patience);
        }

        Assert.Equal(Callers * Rounds, outliving.Count);
        Assert.Empty(wrong.Values.SelectMany(list => list));
    }

    private static Task<string[]> LookInTasksAsync(IIdentityAccessor accessor) =>
        Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => UserNames.Of(accessor.User))));
}
