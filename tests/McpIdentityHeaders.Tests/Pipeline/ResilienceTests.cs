using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>Retries run in front of the identity handlers, whichever was registered first.</summary>
public sealed class ResilienceTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Every_retry_carries_the_identity(bool resilienceFirst, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(FailFirst(2));
        await using ServiceProvider services = Services(server.Uri, resilienceFirst, Users.Alice);
        using HttpClient client = services.CreateHttpClient();

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(3, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Equal(["X-User-Sub", "X-User-Name"], head.Identity.Select(header => header.Key)));
        Assert.All(server.Heads, head => Assert.Equal(["alice"], head.Values("X-User-Sub")));
        Assert.Empty(new RecordedRequest(response.RequestMessage!).Identity);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Every_retry_carries_the_user_set_for_the_request(bool resilienceFirst, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(FailFirst(1));
        await using ServiceProvider services = Services(server.Uri, resilienceFirst, Users.Alice);
        using HttpClient client = services.CreateHttpClient();
        HttpRequestMessage request = HttpTesting.Get(server.Uri.ToString());
        request.SetUser(Users.Bob);

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        Assert.Equal(2, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Equal(["bob"], head.Values("X-User-Sub")));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Refused_request_is_not_retried(bool resilienceFirst, bool synchronous)
    {
        var attempts = new TamperingHandler();
        await using WireServer server = await WireServer.StartAsync();
        await using ServiceProvider services = Services(server.Uri, resilienceFirst, user: null, attempts, MissingIdentityBehavior.Reject);
        using HttpClient client = services.CreateHttpClient();

        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous));

        Assert.Equal(1, attempts.Passed);
        Assert.Empty(server.Heads);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Refused_redirect_is_not_retried(bool resilienceFirst, bool synchronous)
    {
        var attempts = new TamperingHandler();
        await using WireServer elsewhere = await WireServer.StartAsync();
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));
        await using ServiceProvider services = Services(server.Uri, resilienceFirst, Users.Alice, attempts);
        using HttpClient client = services.CreateHttpClient();

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal(1, attempts.Passed);
        Assert.Single(server.Heads);
        Assert.Empty(elsewhere.Heads);
    }

    private static RequestDelegate FailFirst(int count)
    {
        int requests = 0;
        return context =>
        {
            context.Response.StatusCode = Interlocked.Increment(ref requests) <= count ? 503 : 200;
            return Task.CompletedTask;
        };
    }

    private static ServiceProvider Services(
        Uri origin,
        bool resilienceFirst,
        ClaimsPrincipal? user,
        DelegatingHandler? behindResilience = null,
        MissingIdentityBehavior missing = MissingIdentityBehavior.Forward)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IIdentityAccessor>(new PropertyAccessor(user));
        IHttpClientBuilder builder = services.AddHttpClient(WiredClient.Name);
        if (resilienceFirst)
        {
            AddResilience();
        }

        builder.AddClaimInjection(options =>
        {
            options.TrustedOrigins.Add(origin);
            options.MissingIdentity = missing;
        });

        if (!resilienceFirst)
        {
            AddResilience();
        }

        return services.BuildServiceProvider(validateScopes: true);

        void AddResilience()
        {
            builder.AddStandardResilienceHandler(WithoutWaiting);
            if (behindResilience is not null)
            {
                builder.AddHttpMessageHandler(() => behindResilience);
            }
        }
    }

    private static void WithoutWaiting(HttpStandardResilienceOptions options)
    {
        options.Retry.MaxRetryAttempts = 3;
        options.Retry.Delay = TimeSpan.Zero;
        options.Retry.UseJitter = false;
        options.Retry.BackoffType = Polly.DelayBackoffType.Constant;
    }
}
