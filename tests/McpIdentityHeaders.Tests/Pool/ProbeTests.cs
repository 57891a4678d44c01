using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Users wait for a probe only while its result is open, and where sharing is possible.</summary>
public sealed class ProbeTests
{
    [Theory]
    [InlineData("bob", "carol")]
    [InlineData("carol", "bob")]
    public async Task User_does_not_wait_for_a_second_probe(string hanging, string other)
    {
        var heldAlices = new HeldRequests(context => HeldRequests.IsOf(context, "alice"));
        var held = new HeldRequests(context => HeldRequests.IsOf(context, hanging));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
            heldAlices.HoldAsync(context, again => held.HoldAsync(again, last => RefuseAliceAsync(last, next))));
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await heldAlices.Arrived;
        Task<string> hangs = services.CallForAsync(Users.Named(hanging));
        Task<string> others = services.CallForAsync(Users.Named(other));

        heldAlices.Release();
        await Assert.ThrowsAsync<HttpRequestException>(() => alices);
        await held.Arrived;

        try
        {
            Assert.Equal(other, await others.WaitAsync(HeldRequests.Patience));
            Assert.Equal("dave", await services.CallForAsync(Users.Named("dave")).WaitAsync(HeldRequests.Patience));
        }
        finally
        {
            held.Release();
        }

        Assert.Equal(hanging, await hangs);
    }

    [Fact]
    public async Task Login_of_one_user_delays_no_other()
    {
        var held = new HeldRequests(context => HeldRequests.IsOf(context, "alice"));
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, held.HoldAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(
                McpTesting.ClientName,
                transport => transport.OAuth = new ClientOAuthOptions { RedirectUri = new Uri("http://localhost/callback") })
            .BuildServiceProvider();
        Task<string> alices = services.CallForAsync(Users.Alice);
        await held.Arrived;

        try
        {
            Assert.Equal("bob", await services.CallForAsync(Users.Bob).WaitAsync(HeldRequests.Patience));
        }
        finally
        {
            held.Release();
        }

        Assert.Equal("alice", await alices);
    }

    private static Task RefuseAliceAsync(HttpContext context, RequestDelegate next)
    {
        if (HeldRequests.IsOf(context, "alice"))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        return next(context);
    }
}
