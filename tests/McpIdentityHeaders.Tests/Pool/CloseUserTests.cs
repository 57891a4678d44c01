using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What is left of a user's sessions when the user signs out.</summary>
public sealed class CloseUserTests
{
    /// <summary>How long to wait for what should have ended at once, rather than forever.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Sessions_of_the_user_end_on_all_clients_and_other_users_stay()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using McpBackend other = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        collection.AddSecondClient(other);
        await using ServiceProvider services = collection.BuildServiceProvider();
        await using McpClientLease rented = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        await using McpClientLease anonymous = await services.RentForAsync(null);
        await (await services.RentSecondForAsync(Users.Alice)).DisposeAsync();
        await (await services.RentSecondForAsync(Users.Bob)).DisposeAsync();

        await services.Pool().CloseAsync(Users.Named("alice")).WaitAsync(Patience);

        Assert.Equal(["alice"], Deletes(backend));
        Assert.Equal(["alice"], Deletes(other));
        Assert.Equal(2, backend.LiveSessions.Count);
        Assert.Single(other.LiveSessions);
        Assert.Equal("bob", await bobs.Client.CallTextAsync("whoami"));
        Assert.Equal("anonymous", await anonymous.Client.CallTextAsync("whoami"));
        await AssertFailsAsync(rented.Client.CallTextAsync("whoami"));
        Assert.Equal(2, backend.Calls().Count());
    }

    [Fact]
    public async Task Same_subject_at_another_issuer_keeps_its_session()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.With(("sub", "alice"), ("iss", "https://other.example")));

        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);

        Assert.Single(backend.LiveSessions);
    }

    [Fact]
    public async Task Logout_that_names_issuer_and_subject_closes_what_the_sign_in_opened()
    {
        const string Issuer = "https://login.example";
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Claim subject = new("sub", "alice", ClaimValueTypes.String, Issuer);
        await services.CallForAsync(new ClaimsPrincipal(new ClaimsIdentity([subject], "oidc")));
        await services.CallForAsync(new ClaimsPrincipal(new ClaimsIdentity([subject, new("iss", Issuer)], "cookies")));

        await services.Pool().CloseAsync(Users.With(("iss", Issuer), ("sub", "alice"))).WaitAsync(Patience);

        Assert.Equal(["alice"], Deletes(backend));
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Session_that_was_replaced_while_leased_is_closed_too()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease old = await services.RentForAsync(Users.Alice);
        McpClient client = old.Client;
        await backend.EndSessionAsync(backend.LiveSessions.Single());
        await Assert.ThrowsAnyAsync<Exception>(() => client.CallTextAsync("ping"));
        await using McpClientLease next = await services.RentForAsync(Users.Alice);

        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);

        Assert.True(client.Completion.IsCompleted);
        Assert.Empty(backend.LiveSessions);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_that_waits_for_its_response_fails(McpBackendKind kind)
    {
        var asked = new TaskCompletionSource();
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = async (_, cancellationToken) =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return new ElicitResult();
            })
            .BuildServiceProvider();
        Task<string> call = services.CallForAsync(Users.Alice, "ask");
        await asked.Task;

        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);

        await AssertFailsAsync(call);
        Assert.Empty(backend.LiveSessions);
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Call_that_the_backend_has_not_accepted_fails(McpBackendKind kind)
    {
        var gate = new MessageGate("tools/call");
        await using McpBackend backend = await McpBackend.StartAsync(kind, gate.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Task<string> call = services.CallForAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange.Rpc == "tools/call");

        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);

        await AssertFailsAsync(call);
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Rent_after_closing_opens_a_new_session()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease old = await services.RentForAsync(Users.Alice);

        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        await old.DisposeAsync();
        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Equal(2, backend.Exchanges.Count(exchange => exchange.Rpc == "initialize"));
        Assert.Single(backend.LiveSessions);
        Assert.Equal(["alice"], Deletes(backend));
    }

    [Fact]
    public async Task Client_that_cannot_be_used_does_not_stop_the_closing()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceCollection collection = McpTesting.ServicesFor(backend);
        collection.AddSecondClient(backend).AddClaimInjection(options => options.MaxHeaderValueLength = -1);
        await using ServiceProvider services = collection.BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        await Assert.ThrowsAsync<OptionsValidationException>(() => services.RentSecondForAsync(Users.Alice));

        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);

        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Cancelled_wait_does_not_stop_the_closing()
    {
        var deleting = new TaskCompletionSource();
        var mayDelete = new TaskCompletionSource();
        var deleted = new TaskCompletionSource();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (!HttpMethods.IsDelete(context.Request.Method))
            {
                await next(context);
                return;
            }

            deleting.SetResult();
            await mayDelete.Task.WaitAsync(context.RequestAborted);
            await next(context);
            context.Response.OnCompleted(() =>
            {
                deleted.SetResult();
                return Task.CompletedTask;
            });
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(options => options.CloseTimeout = TimeSpan.FromMinutes(1))
            .BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        using var cancellation = new CancellationTokenSource();

        Task closing = services.Pool().CloseAsync(Users.Alice, cancellation.Token);
        await deleting.Task;
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => closing);
        mayDelete.SetResult();
        await deleted.Task;
        Assert.Empty(backend.LiveSessions);
    }

    [Fact]
    public async Task Wait_that_was_cancelled_before_does_not_stop_the_closing()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => services.Pool().CloseAsync(Users.Alice, new CancellationToken(canceled: true)));

        Assert.Equal("alice", (await backend.WaitForAsync(exchange => exchange.Http == "DELETE")).Subject);
    }

    [Fact]
    public async Task User_without_a_session_is_closed_without_an_error()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);
        await services.CallForAsync(Users.Bob);
        await services.Pool().CloseAsync(Users.Alice).WaitAsync(Patience);

        Assert.Single(backend.LiveSessions);
    }

    [Theory]
    [InlineData(Flow.Anonymous)]
    [InlineData(Flow.OfAnonymous)]
    [InlineData(Flow.Unknown)]
    public async Task Principal_without_a_session_key_is_an_argument_error(Flow flow)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);
        ClaimsPrincipal principal = flow switch
        {
            Flow.Anonymous => new ClaimsPrincipal(),
            Flow.OfAnonymous => new ClaimsPrincipal(Users.NotSignedIn(("sub", "alice"))),
            _ => Users.With(("name", "Alice Adams")),
        };

        var error = await Assert.ThrowsAsync<ArgumentException>("user", () => services.Pool().CloseAsync(principal));

        Assert.StartsWith(
            "No session was closed: the principal has no authenticated identity with a subject. Pass the user as it was when it rented.",
            error.Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>("user", () => services.Pool().CloseAsync(null!));
        Assert.Single(backend.LiveSessions);
    }

    private static async Task AssertFailsAsync(Task<string> call)
    {
        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(Patience));
        Assert.IsNotType<TimeoutException>(error);
    }

    private static IEnumerable<string?> Deletes(McpBackend backend) =>
        backend.Exchanges.Where(exchange => exchange.Http == "DELETE").Select(exchange => exchange.Subject);
}
