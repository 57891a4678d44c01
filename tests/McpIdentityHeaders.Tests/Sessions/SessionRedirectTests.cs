using System.Diagnostics.Metrics;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>Each hop of a redirected request is still the session's or the caller's, as the request was.</summary>
public sealed class SessionRedirectTests
{
    [Fact]
    public async Task Legs_and_calls_that_are_redirected_keep_their_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
        {
            if (context.Request.Path != "/moved")
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = "/mcp";
            return Task.CompletedTask;
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .Configure<HttpClientTransportOptions>(McpTesting.ClientName, options => options.Endpoint = new Uri(backend.Root, "/moved"))
            .BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        await backend.WaitForAsync(exchange => exchange is { Http: "GET", Path: "/mcp" });

        using IdentityScope scope = AmbientIdentity.Use(Users.Bob);
        await session.Client.CallTextAsync("ping");
        await session.Client.DisposeAsync();

        Assert.Equal(5, backend.Exchanges.Count(exchange => exchange.Path == "/mcp"));
        Assert.Equal(["bob", "bob"], backend.Calls().Select(call => call.Subject));
        Assert.All(backend.Exchanges.Except(backend.Calls()), leg => Assert.Equal("alice", leg.Subject));
    }

    [Theory]
    [InlineData(Flow.OfBob, "bob")]
    [InlineData(Flow.Anonymous, null)]
    [InlineData(Flow.OfAnonymous, null)]
    public async Task Call_that_a_redirect_turns_into_a_get_keeps_the_callers_user(Flow caller, string? expected)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (context.Request.Headers["Mcp-Method"] == "tools/call" && context.Request.Method == HttpMethods.Post)
            {
                context.Response.StatusCode = StatusCodes.Status303SeeOther;
                context.Response.Headers.Location = "/answer";
                return Task.CompletedTask;
            }

            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        McpSession session = await services.OpenSessionAsync(Users.Alice);
        await using McpClient client = session.Client;

        using (caller.Enter())
        {
            await Assert.ThrowsAnyAsync<Exception>(() => client.CallTextAsync("ping"));
        }

        McpExchange hop = Assert.Single(backend.Exchanges, exchange => exchange is { Http: "GET", Path: "/answer" });
        Assert.Equal(expected, hop.Subject);
    }

    [Fact]
    public async Task Refused_redirects_are_logged_at_a_bounded_rate_and_counted_in_full()
    {
        const int Calls = 13;
        var logs = new FakeLogCollector();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless, (context, next) =>
        {
            if (context.Request.Headers["Mcp-Method"] != "tools/call")
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = "http://elsewhere.test/mcp";
            return Task.CompletedTask;
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs)))
            .BuildServiceProvider();
        using var counted = new MetricCollector<long>(
            services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", "mcp.identity.redirects.refused");
        McpSession session = await services.OpenSessionAsync(Users.Anonymous);
        await using McpClient client = session.Client;

        for (int call = 0; call < Calls; call++)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => client.CallTextAsync("ping"));
        }

        Assert.Equal(Calls, counted.GetMeasurementSnapshot().Sum(measurement => measurement.Value));
        Assert.Equal(10, logs.GetSnapshot().Count(line => line.Id.Name == "RedirectOfSessionRefused"));
    }
}
