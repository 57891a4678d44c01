using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What one user meets, or does on purpose, takes nothing from the others.</summary>
public sealed class HostileUserTests
{
    private static readonly ClaimsPrincipal Mallory = Users.Named("mallory");

    [Theory]
    [InlineData(StatusCodes.Status401Unauthorized)]
    [InlineData(StatusCodes.Status403Forbidden)]
    [InlineData(StatusCodes.Status404NotFound)]
    [InlineData(StatusCodes.Status405MethodNotAllowed)]
    [InlineData(StatusCodes.Status410Gone)]
    [InlineData(StatusCodes.Status429TooManyRequests)]
    [InlineData(StatusCodes.Status500InternalServerError)]
    [InlineData(StatusCodes.Status503ServiceUnavailable)]
    public async Task Refusals_of_one_user_alone_in_50_rounds_leave_the_shared_client_open(int status)
    {
        bool refuses = false;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (refuses && HeldRequests.IsOf(context, "mallory"))
            {
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        refuses = true;

        for (int round = 0; round < 50; round++)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => services.CallForAsync(Mallory));
        }

        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);
        Assert.Same(alices.Pooled(), bobs.Pooled());
        Assert.Equal("bob", await bobs.Client.CallTextAsync("whoami"));
        Assert.DoesNotContain(backend.Exchanges, exchange => exchange is { Rpc: "server/discover", Subject: "bob" });
    }

    [Fact]
    public async Task Rents_that_wait_for_a_suspect_session_leave_room_for_other_users()
    {
        var gate = new Gate("ping");
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) => gate.HoldAsync(context, again =>
        {
            if (HeldRequests.IsOf(again, "mallory") && again.Request.Headers["X-Refuse"].Count > 0)
            {
                again.Response.StatusCode = StatusCodes.Status400BadRequest;
                return Task.CompletedTask;
            }

            return next(again);
        }));
        var refused = new AsyncLocal<bool>();
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddHttpMessageHandler(() => new MarkingHandler(refused)))
            .AddSingleton<TimeProvider>(new FakeTimeProvider())
            .ConfigurePool(pool => pool.MaxSessions = 10)
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Mallory);
        List<Task<McpClientLease>> waiting = [];

        // Each refusal has the next rent ask, and the backend never answers.
        for (int round = 0; round < 50; round++)
        {
            await RefuseAsync();
            waiting.Add(services.RentForAsync(Mallory));
            Assert.False(waiting[^1].IsCompleted);
        }

        await RefuseAsync();
        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(Mallory));

        Assert.Equal(ClaimInjectionErrorReason.PoolExhausted, error.Reason);
        Assert.Equal("bob", await services.CallForAsync(Users.Bob));
        gate.Open();
        foreach (McpClientLease rented in await Task.WhenAll(waiting))
        {
            await rented.DisposeAsync();
        }

        // Those who waited have left.
        Assert.Equal("mallory", await services.CallForAsync(Mallory));

        async Task RefuseAsync()
        {
            refused.Value = true;
            await Assert.ThrowsAsync<HttpRequestException>(() => lease.Client.CallTextAsync("ping"));
            refused.Value = false;
        }
    }

    private sealed class MarkingHandler(AsyncLocal<bool> marks) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (marks.Value)
            {
                request.Headers.Add("X-Refuse", "1");
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
