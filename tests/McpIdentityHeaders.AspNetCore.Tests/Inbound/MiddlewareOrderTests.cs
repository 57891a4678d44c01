using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Where stripping stands among the other middleware, and that a wrong place is logged once.</summary>
public sealed class MiddlewareOrderTests
{
    [Theory]
    [InlineData("strip route authenticate", "")]
    [InlineData("strip authenticate", "StrippingAfterRouting")] // WebApplication routes first
    [InlineData("strip route", "StrippingAfterAuthentication")] // WebApplication authenticates first
    [InlineData("strip", "StrippingAfterAuthentication StrippingAfterRouting")]
    [InlineData("authenticate route strip", "StrippingAfterAuthentication StrippingAfterRouting")]
    [InlineData("authenticate strip route", "StrippingAfterAuthentication")]
    [InlineData("route strip authenticate", "StrippingAfterRouting")]
    public async Task Stripping_at_a_wrong_place_is_logged_once(string order, string expected) =>
        await AssertLogsAsync(order, expected, services => services.AddAuthentication());

    [Theory]
    [InlineData("authenticate strip", "X-User-Sub", false, "")]
    [InlineData("strip authenticate", "X-User-Sub", false, "StrippingBeforeReceiving")]
    [InlineData("strip route authenticate", "X_User.Email", false, "StrippingBeforeReceiving")]
    [InlineData("strip route authenticate", "X-Other-Sub", false, "")]
    [InlineData("authenticate strip route", "X-Other-Sub", false, "StrippingAfterAuthentication")]
    [InlineData("strip route authenticate", "X-Other-Sub", true, "")] // a secret is read before all middleware
    [InlineData("strip route authenticate", "X-User-Sub", true, "StrippingBeforeReceiving")]
    [InlineData("authenticate strip", "X-Other-Sub", true, "")]
    public async Task Stripping_stands_behind_a_scheme_that_reads_what_is_stripped(
        string order, string header, bool secret, string expected) =>
        await AssertLogsAsync(order, expected, services => services.AddAuthentication().AddIdentityHeaders(options =>
        {
            ReceivingServer.TrustLoopback(options);
            options.Headers.Clear();
            options.Headers.Add(header, "sub");
            if (secret)
            {
                options.SharedSecrets.Add(new SharedSecret("X-Edge-Secret", StrippingServer.Secret));
            }
        }));

    [Fact]
    public async Task Gateway_behind_a_gateway_reads_the_headers_and_passes_none_of_them_on()
    {
        await using InboundServer server = await InboundServer.StartAsync(
            services =>
            {
                StrippingServer.AddClients(services);
                services.AddAuthentication().AddIdentityHeaders(ReceivingServer.TrustLoopback);
            },
            app => app.MapGet(
                "/", context => context.Response.WriteAsync($"{UserNames.Of(context.User)} {context.Request.Headers["X-User-Sub"]}")),
            signIn: app => Use(app, "authenticate strip"));
        using HttpClient client = server.NewClient();
        using HttpRequestMessage request = server.NewRequest("/").WithHeader("X-User-Sub", "alice");

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal("alice ", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("strip route authenticate")]
    [InlineData("authenticate strip")]
    public async Task Secret_is_found_though_stripping_stands_in_front(string order)
    {
        await using InboundServer server = await InboundServer.StartAsync(
            services =>
            {
                StrippingServer.AddClients(services);
                services.AddAuthentication().AddIdentityHeaders(options =>
                {
                    options.Headers.Clear();
                    options.Headers.Add("X-Other-Sub", "sub");
                    options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", StrippingServer.Secret));
                });
            },
            app => app.MapGet("/", context => context.Response.WriteAsync(UserNames.Of(context.User))),
            signIn: app => Use(app, order));
        using HttpClient client = server.NewClient();
        using HttpRequestMessage request = server.NewRequest("/")
            .WithHeader("X-Other-Sub", "alice").WithHeader("X-Gateway-Secret", StrippingServer.Secret);

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal("alice", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("X-User-Sub")]
    [InlineData("X_User_Sub")]
    public async Task Branch_behind_stripping_is_chosen_by_no_forged_header(string name)
    {
        await using InboundServer server = await InboundServer.StartAsync(
            StrippingServer.AddClients,
            app =>
            {
                RequestDelegate forged = context => context.Response.WriteAsync("forged");
                app.MapWhen(context => context.Request.Headers.ContainsKey(name), branch => branch.Run(forged));
                app.UseWhen(context => context.Request.Headers[name].Count > 0, branch => branch.Run(forged));
                app.Run(context => context.Response.WriteAsync("ok"));
            },
            signIn: app => Use(app, "strip route"));
        using HttpClient client = server.NewClient();
        using HttpRequestMessage request = server.NewRequest("/").WithHeader(name, "mallory");

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal("ok", await response.Content.ReadAsStringAsync());
    }

    private static async Task AssertLogsAsync(string order, string expected, Action<IServiceCollection> schemes)
    {
        FakeLogCollector logs = FakeLogCollector.Create(new FakeLogCollectorOptions());
        await using InboundServer server = await InboundServer.StartAsync(
            services =>
            {
                StrippingServer.AddClients(services);
                schemes(services);
                services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs)));
            },
            app => app.MapGet("/", () => "ok"),
            signIn: app => Use(app, order));
        using HttpClient client = server.NewClient();

        await server.GetAsync(client, "/", null);
        await server.GetAsync(client, "/", null);

        FakeLogRecord[] errors = [.. logs.GetSnapshot().Where(record => record.Level == LogLevel.Error)];
        Assert.Equal(expected, string.Join(' ', errors.Select(record => record.Id.Name).Order(StringComparer.Ordinal)));
        Assert.All(errors, record => Assert.Contains("UseIdentityHeaderStripping", record.Message, StringComparison.Ordinal));
        Assert.All(errors, record => Assert.Contains("UseAuthentication", record.Message, StringComparison.Ordinal));
    }

    private static void Use(WebApplication app, string order)
    {
        foreach (string call in order.Split(' '))
        {
            _ = call switch
            {
                "strip" => app.UseIdentityHeaderStripping(),
                "route" => app.UseRouting(),
                "authenticate" => app.UseAuthentication(),
                _ => throw new ArgumentOutOfRangeException(nameof(order)),
            };
        }
    }
}
