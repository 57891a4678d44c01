using System.Threading.Channels;
using McpIdentityHeaders.AspNetCore.Tests.Inbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>A SignalR hub, over each of its transports, that calls a backend for the user of its connection.</summary>
public sealed class SignalRTests
{
    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task Each_kind_of_hub_method_calls_as_its_user(HttpTransportType transport)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using InboundServer server = await StartAsync(backend);

        await Task.WhenAll(new[] { "alice", "bob", null }.Select(async user =>
        {
            string expected = user ?? "anonymous";
            await using HubConnection connection = await ConnectAsync(server, transport, user);

            Assert.Equal(expected, await connection.InvokeAsync<string>(nameof(NotesHub.WhoAmI)));
            Assert.Equal([expected, expected, expected], await connection.StreamAsync<string>(nameof(NotesHub.Stream)).ToArrayAsync());
            Assert.Equal([expected, expected, expected], await connection.StreamAsync<string>(nameof(NotesHub.Read)).ToArrayAsync());
            Assert.Equal(
                [$"a {expected}", $"b {expected}"],
                await connection.InvokeAsync<string[]>(nameof(NotesHub.Upload), new[] { "a", "b" }.ToAsyncEnumerable()));
        }));
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task Hub_knows_its_user_as_connections_come_and_go(HttpTransportType transport)
    {
        var seen = Channel.CreateUnbounded<string>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using InboundServer server = await StartAsync(backend, seen);

        await using (await ConnectAsync(server, transport, "alice"))
        {
            Assert.Equal("connected alice", await seen.Reader.ReadAsync());
        }

        Assert.Equal("disconnected alice", await seen.Reader.ReadAsync());
    }

    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.LongPolling)]
    public async Task Streams_of_both_directions_call_as_their_user_whoever_calls_between(HttpTransportType transport)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using InboundServer server = await StartAsync(backend);
        string[] users = ["alice", "bob"];
        HubConnection[] connections = await Task.WhenAll(users.Select(user => ConnectAsync(server, transport, user)));
        Channel<string>[] sent = [.. users.Select(_ => Channel.CreateUnbounded<string>())];
        IAsyncEnumerator<string>[] echoes =
        [
            .. connections.Zip(sent, (connection, names) =>
                connection.StreamAsync<string>(nameof(NotesHub.Echo), names.Reader.ReadAllAsync()).GetAsyncEnumerator()),
        ];

        for (int round = 0; round < 3; round++)
        {
            for (int user = 0; user < users.Length; user++)
            {
                await sent[user].Writer.WriteAsync($"{round}");
                Assert.True(await echoes[user].MoveNextAsync());
                Assert.Equal($"{round} {users[user]}", echoes[user].Current);
            }
        }

        for (int user = 0; user < users.Length; user++)
        {
            sent[user].Writer.Complete();
            Assert.False(await echoes[user].MoveNextAsync());
            await echoes[user].DisposeAsync();
            await connections[user].DisposeAsync();
        }
    }

    [Fact]
    public async Task Stream_that_the_hub_returns_is_read_outside_the_filter()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using InboundServer server = await StartAsync(backend);
        await using HubConnection connection = await ConnectAsync(server, HttpTransportType.WebSockets, "alice");

        Assert.Equal(
            ["anonymous", "anonymous", "anonymous"],
            await connection.StreamAsync<string>(nameof(NotesHub.StreamWithoutUser)).ToArrayAsync());
    }

    private static Task<InboundServer> StartAsync(McpBackend backend, Channel<string>? seen = null) => InboundServer.StartAsync(
        services =>
        {
            services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
            services.AddSingleton<Notes>();
            services.AddSingleton(seen ?? Channel.CreateUnbounded<string>());

            // <snippet>
            services.AddSignalR(options => options.AddFilter<IdentityHubFilter>());
            // </snippet>
        },
        app => app.MapHub<NotesHub>("/notes"));

    private static async Task<HubConnection> ConnectAsync(InboundServer server, HttpTransportType transport, string? user)
    {
        HubConnection connection = new HubConnectionBuilder()
            .WithUrl(new Uri(server.Uri, "/notes"), transport, options =>
            {
                if (user is not null)
                {
                    options.Headers["Authorization"] = user;
                }
            })
            .Build();
        await connection.StartAsync();
        return connection;
    }
}
