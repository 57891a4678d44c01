using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Hedged attempts go to endpoints that the caller never chose: each is checked by its actual address.</summary>
public sealed class HedgingTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Attempt_routed_to_an_untrusted_endpoint_carries_no_identity(bool hedgingFirst, bool setUser)
    {
        await using WireServer trusted = await WireServer.StartAsync(Fail);
        await using WireServer untrusted = await WireServer.StartAsync();

        using HttpResponseMessage response = await SendAsync(hedgingFirst, setUser, trusted, [trusted, untrusted]);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["alice"], trusted.OnlyHead.Values("X-User-Sub"));
        Assert.Empty(untrusted.OnlyHead.Identity);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Attempt_to_the_trusted_endpoint_after_an_untrusted_one_carries_the_identity(bool hedgingFirst, bool setUser)
    {
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer untrusted = await WireServer.StartAsync(Fail);

        using HttpResponseMessage response = await SendAsync(hedgingFirst, setUser, trusted, [untrusted, trusted]);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(untrusted.OnlyHead.Identity);
        Assert.Equal(["alice"], trusted.OnlyHead.Values("X-User-Sub"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Concurrent_attempts_are_each_checked_by_their_own_address(bool hedgingFirst)
    {
        var bothArrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int arrived = 0;
        Task Meet(HttpContext context)
        {
            if (Interlocked.Increment(ref arrived) == 2)
            {
                bothArrived.SetResult();
            }

            return bothArrived.Task;
        }

        await using WireServer trusted = await WireServer.StartAsync(Meet);
        await using WireServer untrusted = await WireServer.StartAsync(Meet);

        using HttpResponseMessage response = await SendAsync(hedgingFirst, setUser: false, trusted, [trusted, untrusted], TimeSpan.Zero);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["alice"], trusted.OnlyHead.Values("X-User-Sub"));
        Assert.Empty(untrusted.OnlyHead.Identity);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refused_request_is_not_hedged(bool hedgingFirst)
    {
        var attempts = new TamperingHandler();
        await using WireServer trusted = await WireServer.StartAsync();
        await using WireServer untrusted = await WireServer.StartAsync();
        await using ServiceProvider services = Services(
            hedgingFirst, user: null, trusted, [trusted, untrusted], Timeout.InfiniteTimeSpan, attempts, MissingIdentityBehavior.Reject);
        using HttpClient client = services.CreateHttpClient();

        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(trusted.Uri.ToString())));

        Assert.Equal(1, attempts.Passed);
        Assert.Empty(trusted.Heads);
        Assert.Empty(untrusted.Heads);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        bool hedgingFirst, bool setUser, WireServer trusted, WireServer[] routes, TimeSpan? delay = null)
    {
        await using ServiceProvider services = Services(
            hedgingFirst, setUser ? null : Users.Alice, trusted, routes, delay ?? Timeout.InfiniteTimeSpan);
        using HttpClient client = services.CreateHttpClient();
        HttpRequestMessage request = HttpTesting.Post(trusted.Uri.ToString());
        if (setUser)
        {
            request.SetUser(Users.Alice);
        }

        return await client.SendAsync(request);
    }

    /// <param name="hedgingFirst">Whether hedging is registered before claim injection.</param>
    /// <param name="user">The accessor's user.</param>
    /// <param name="trusted">The one trusted origin.</param>
    /// <param name="routes">The address of each attempt, in order.</param>
    /// <param name="delay">Infinite: the next attempt follows the failure of the last. Zero: all at once.</param>
    /// <param name="behindHedging">A handler between hedging and the identity handlers.</param>
    /// <param name="missing">What happens to a request of an unknown user.</param>
    private static ServiceProvider Services(
        bool hedgingFirst,
        ClaimsPrincipal? user,
        WireServer trusted,
        WireServer[] routes,
        TimeSpan delay,
        DelegatingHandler? behindHedging = null,
        MissingIdentityBehavior missing = MissingIdentityBehavior.Forward)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(user));
        IHttpClientBuilder builder = services.AddHttpClient(WiredClient.Name);
        if (hedgingFirst)
        {
            AddHedging();
        }

        builder.AddClaimInjection(options =>
        {
            options.TrustedOrigins.Add(trusted.Uri);
            options.MissingIdentity = missing;
        });

        if (!hedgingFirst)
        {
            AddHedging();
        }

        return services.BuildServiceProvider(validateScopes: true);

        void AddHedging()
        {
            builder
                .AddStandardHedgingHandler(routing => routing.ConfigureOrderedGroups(options => options.Groups =
                    [.. routes.Select(route => new UriEndpointGroup { Endpoints = [new WeightedUriEndpoint { Uri = route.Uri }] })]))
                .Configure(options =>
                {
                    options.Hedging.MaxHedgedAttempts = 1;
                    options.Hedging.Delay = delay;
                });

            if (behindHedging is not null)
            {
                builder.AddHttpMessageHandler(() => behindHedging);
            }
        }
    }

    private static Task Fail(HttpContext context)
    {
        context.Response.StatusCode = 500;
        return Task.CompletedTask;
    }
}
