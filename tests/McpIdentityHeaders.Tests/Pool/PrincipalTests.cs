using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Which of a user's principals stands for the user where the session itself sends.</summary>
public sealed class PrincipalTests
{
    [Theory]
    [InlineData("second", "100", "200")]
    [InlineData("second", "100", "100")]
    [InlineData("third", "100", "100", "100")]
    [InlineData("first", "200", "100")]
    [InlineData("first", "1000", "999")]
    [InlineData("first", "1000", "200")]
    [InlineData("second", null, null)]
    [InlineData("second", "200", null)]
    [InlineData("second", null, "100")]
    [InlineData("second", "200", "yesterday")]
    [InlineData("second", "200", "100.5")]
    [InlineData("second", "200", "1e2")]
    [InlineData("second", "200", "+100")]
    [InlineData("second", "200", "-100")]
    [InlineData("second", "200", " 100")]
    [InlineData("second", "200", "100 ")]
    [InlineData("second", "200", "0100")]
    [InlineData("second", "200", "1,00")]
    [InlineData("second", "200", "100\0")]
    [InlineData("second", "200", "\u0661\u0660\u0660")]
    [InlineData("second", "99999999999999999999", "100")]
    [InlineData("second", "253402300799", "100")]
    [InlineData("second", "1764199999000", "100")]
    [InlineData("first", "200", "0")]
    [InlineData("third", "100", "200", "300")]
    [InlineData("second", "100", "300", "200")]
    [InlineData("first", "300", "100", "200")]
    [InlineData("third", null, null, null)]
    public async Task Session_is_closed_as_the_newest_principal_that_rented_it(string newest, params string?[] issuedAt)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        string[] names = ["first", "second", "third"];
        foreach ((string name, string? iat) in names.Zip(issuedAt))
        {
            await using McpClientLease lease = await services.RentForAsync(Alice(name, iat));
        }

        await services.Pool().CloseAsync(Users.Alice);

        Assert.Equal(("alice", newest), SubjectAndName(Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE")));
    }

    [Theory]
    [InlineData(300, "first")]
    [InlineData(301, "second")]
    public async Task Time_of_issue_counts_up_to_five_minutes_ahead(int secondsAhead, string newest)
    {
        var time = new FakeTimeProvider();
        string now = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string ahead = time.GetUtcNow().AddSeconds(secondsAhead).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddSingleton<TimeProvider>(time).BuildServiceProvider();
        await using McpClientLease first = await services.RentForAsync(Alice("first", ahead));
        await using McpClientLease second = await services.RentForAsync(Alice("second", now));

        await services.Pool().CloseAsync(Users.Alice);

        Assert.Equal(newest, Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE").UserName);
    }

    [Fact]
    public async Task Lease_carries_the_principal_that_rented_though_a_newer_one_has_rented()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease newer = await services.RentForAsync(Alice("newer", "200"));
        await using McpClientLease older = await services.RentForAsync(Alice("older", "100"));

        await AmbientIdentity.RunAsync(Alice("older", "100"), () => older.Client.CallTextAsync("ping"));
        await older.Client.CallTextAsync("ping");

        Assert.Equal(["older", "older"], backend.Calls().Select(call => call.UserName));
    }

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.LegacySse)]
    public async Task Response_to_the_server_carries_the_principal_of_the_asking_call(McpBackendKind kind)
    {
        ClaimsPrincipal? asked = null;
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.Handlers.ElicitationHandler = (_, _) =>
            {
                asked = AmbientIdentity.User;
                return ValueTask.FromResult(new ElicitResult { Action = "decline" });
            })
            .BuildServiceProvider();
        ClaimsPrincipal older = Alice("older", "100");
        ClaimsPrincipal newer = Alice("newer", "200");
        await using McpClientLease first = await services.RentForAsync(older);
        await using McpClientLease second = await services.RentForAsync(newer);

        Assert.Equal("decline", await AmbientIdentity.RunAsync(older, () => first.Client.CallTextAsync("ask")));

        Assert.Equal("older", Assert.Single(backend.Calls()).UserName);
        Assert.Equal(("alice", "older"), SubjectAndName(Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "response")));
        Assert.Same(older, asked);
    }

    [Fact]
    public async Task Reconnect_of_the_stream_carries_the_newest_principal_that_rented()
    {
        int count = 0;
        var rented = new TaskCompletionSource();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            if (context.Request.Method == HttpMethods.Get && Interlocked.Increment(ref count) == 1)
            {
                await rented.Task;
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            await next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease first = await services.RentForAsync(Alice("older", "100"));
        await backend.WaitForAsync(exchange => exchange.Http == "GET");

        await using McpClientLease second = await services.RentForAsync(Alice("newer", "200"));
        rented.SetResult();

        Assert.Equal("alice", (await backend.WaitForAsync(exchange => exchange is { Http: "GET", UserName: "newer" })).Subject);
        IEnumerable<McpExchange> gets = backend.Exchanges.Where(exchange => exchange.Http == "GET");
        Assert.Equal(["older", "newer"], gets.Select(get => get.UserName).Take(2));
    }

    [Fact]
    public async Task Principal_of_another_issuer_does_not_replace_the_users()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease own = await services.RentForAsync(Alice("own", "100"));
        ClaimsPrincipal other = Users.With(("sub", "alice"), ("iss", "https://other.example"), ("name", "other"), ("iat", "200"));
        await using McpClientLease others = await services.RentForAsync(other);

        await services.Pool().CloseAsync(Users.Alice);

        Assert.Equal("own", Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE").UserName);
        Assert.Single(backend.LiveSessions);
    }

    private static ClaimsPrincipal Alice(string name, string? issuedAt) => issuedAt is null
        ? Users.Named("alice", name)
        : Users.With(("sub", "alice"), ("name", name), ("iat", issuedAt));

    private static (string? Subject, string? Name) SubjectAndName(McpExchange exchange) => (exchange.Subject, exchange.UserName);
}
