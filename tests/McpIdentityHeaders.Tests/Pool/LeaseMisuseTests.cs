using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What is kept of a lease, and used for another user or too late, sends nothing in the renter's name.</summary>
public sealed class LeaseMisuseTests
{
    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Variants_of_a_listed_tool_are_the_renters_while_the_lease_lasts(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease alices = await services.RentForAsync(Users.Alice);
        McpClientTool listed = (await alices.Client.ListToolsAsync()).Single(tool => tool.Name == "whoami");
        AIFunction[] variants =
        [
            listed, listed.WithName("me"), listed.WithDescription("Me?"), listed.WithProgress(new SynchronousProgress(_ => { })),
        ];

        foreach (AIFunction variant in variants)
        {
            Assert.Equal("alice", TextOf(await variant.InvokeAsync()));
            foreach (ClaimsPrincipal? other in (ClaimsPrincipal?[])[Users.Bob, null])
            {
                await Assert.ThrowsAsync<ClaimInjectionException>(
                    () => AmbientIdentity.RunAsync(other, () => variant.InvokeAsync().AsTask()));
            }
        }

        await alices.DisposeAsync();
        foreach (AIFunction variant in variants)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(
                () => AmbientIdentity.RunAsync(Users.Alice, () => variant.InvokeAsync().AsTask()));
        }

        Assert.Equal(variants.Length, backend.Calls().Count());
        Assert.All(backend.Calls(), call => Assert.Equal("alice", call.Subject));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Agent_with_another_users_leased_tools_sends_nothing(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        var options = new ChatOptions { Tools = [.. await alices.Client.ListToolsAsync()] };
        using var agent = new FunctionInvokingChatClient(new OneCallChatClient());

        ChatResponse bobs = await AmbientIdentity.RunAsync(Users.Bob, () => agent.GetResponseAsync("Who am I?", options));

        Assert.Empty(backend.Calls());
        FunctionResultContent result = bobs.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Single();
        Assert.IsType<ClaimInjectionException>(result.Exception);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Call_in_flight_when_its_lease_ends_stays_its_renters(McpBackendKind kind)
    {
        var held = new RequestGate(
            context => context.Request.Headers["Mcp-Method"] == "tools/call" && RequestGate.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(kind, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpClientLease alices = await services.RentForAsync(Users.Alice);
        Task<string> call = alices.Client.CallTextAsync("whoami");
        await held.Arrived;

        await alices.DisposeAsync();
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        held.Release();

        Assert.Equal("alice", await call);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Lease_of_a_principal_that_became_another_users_sends_nothing(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsIdentity alice = Users.SignedIn(("sub", "alice"));
        await using McpClientLease lease = await services.RentForAsync(new ClaimsPrincipal(alice));
        Assert.Equal("alice", await lease.Client.CallTextAsync("whoami"));

        alice.RemoveClaim(alice.FindFirst("sub"));
        alice.AddClaim(new Claim("sub", "bob"));

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => lease.Client.CallTextAsync("whoami"));
        Assert.Equal(ClaimInjectionErrorReason.OtherUser, refused.Reason);
        Assert.Equal("alice", Assert.Single(backend.Calls()).Subject);
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Disposing_a_lease_from_many_places_gives_it_back_once(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.MaxSessions = 1).BuildServiceProvider();
        McpClientLease first = await services.RentForAsync(Users.Alice);
        await using McpClientLease second = await services.RentForAsync(Users.Alice);
        McpClient client = first.Client;

        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(async () =>
            await (number % 2 == 0 ? first.DisposeAsync() : client.DisposeAsync()))));

        // Counted twice, the other lease's session would be idle by now, and make room for Bob's.
        Exception? refused = await Record.ExceptionAsync(() => services.CallForAsync(Users.Bob));
        Assert.Equal(kind == McpBackendKind.Sessions, refused is ClaimInjectionException);
        Assert.Equal("alice", await second.Client.CallTextAsync("whoami"));
    }

    [Theory]
    [InlineData(McpBackendKind.Stateless)]
    [InlineData(McpBackendKind.Sessions)]
    public async Task Handler_that_another_user_registers_is_refused(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        McpClient client = alices.Client;

        foreach (ClaimsPrincipal? other in (ClaimsPrincipal?[])[Users.Bob, null])
        {
            using IdentityScope scope = AmbientIdentity.Use(other);
            Assert.Throws<ClaimInjectionException>(() => client.RegisterNotificationHandler("any", (_, _) => ValueTask.CompletedTask));
        }
    }

    private static string TextOf(object? result) => Assert.IsType<TextContent>(result).Text;

    /// <summary>Asks for whoami once, and then says that it is done.</summary>
    private sealed class OneCallChatClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new ChatResponse(messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Any()
                ? new ChatMessage(ChatRole.Assistant, "done")
                : new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("call-1", "whoami")])));

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
