using Gateway;
using Gateway.Sessions;
using ModelContextProtocol;
using NSubstitute;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>The bound for in how many ways a user's clients may differ.</summary>
public sealed class ClientProfileLimitTests
{
    [Fact]
    public async Task First_requests_of_a_user_at_the_same_time_do_not_pass_the_bound()
    {
        const int Users = 2000;
        const int Bound = 2;
        const int Threads = 4;
        ClaimsPrincipal? user = null;
        var accessor = Substitute.For<IIdentityAccessor>();
        accessor.User.Returns(_ => user);
        using var limit = new ClientProfileLimit(accessor, new GatewayLimits { SessionsPerUser = Bound }, TimeProvider.System);
        int entered = 0;
        using var round = new Barrier(Threads, _ => user = CreateUser());

        void Enter(int thread)
        {
            for (int next = 0; next < Users; next++)
            {
                round.SignalAndWait();
                try
                {
                    limit.Enter($"{thread}");
                    Interlocked.Increment(ref entered);
                }
                catch (McpProtocolException)
                {
                    // One too many.
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () => Enter(thread), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.Equal(Users * Bound, entered);
    }

    private static ClaimsPrincipal CreateUser() => new(new ClaimsIdentity([new Claim("sub", Guid.NewGuid().ToString())], "test"));
}
