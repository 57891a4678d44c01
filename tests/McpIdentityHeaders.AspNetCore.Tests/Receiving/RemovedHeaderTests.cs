using System.Text;
using McpIdentityHeaders.AspNetCore.Tests.Inbound;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>What has been judged is not shown by whatever runs behind.</summary>
public sealed class RemovedHeaderTests
{
    private const string Secret = "0123456789abcdef";

    [Theory]
    [InlineData(false, "alice X-User-Sub X-Kept")]
    [InlineData(true, "alice X-Kept")]
    public async Task Checked_secret_leaves_the_request_and_the_identity_where_it_is_set(bool remove, string expected)
    {
        await using ReceivingHost host = await StartAsync(options => options.RemoveIdentityHeaders = remove);

        RawResponse response = await host.GetAsync("/headers", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}", "X-Kept: 1");

        Assert.Equal(expected, Encoding.UTF8.GetString(response.Body));
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/plain")]
    [InlineData("application/json")] // problem details, with the request's headers
    public async Task Exception_page_shows_no_secret(string accept)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                Trust(options);
                options.RemoveIdentityHeaders = true;
            }),
            services: services => services.AddProblemDetails(),
            before: app => app.UseDeveloperExceptionPage(),
            map: Map);

        RawResponse response = await host.GetAsync(
            "/throws", "X-User-Sub: alice-sub", $"X-Gateway-Secret: {Secret}", "X-Kept: kept", $"Accept: {accept}");

        string page = Encoding.UTF8.GetString(response.Body);
        Assert.Equal(500, response.Status);
        Assert.Contains("kept", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, page, StringComparison.Ordinal);
        Assert.DoesNotContain("alice-sub", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exception_page_shows_no_secret_of_a_request_that_fails_before_authentication()
    {
        await using ReceivingHost host = await StartAsync(before: app => app.UseDeveloperExceptionPage().Use(
            (HttpContext _, RequestDelegate _) => throw new InvalidOperationException("early")));

        RawResponse response = await host.GetAsync(
            "/open",
            "X-User-Sub: alice",
            $"x.gateway_secret: {Secret}",
            $"X-Gateway-Secret: {Secret}",
            "X-Kept: kept",
            "Accept: text/html");

        string page = Encoding.UTF8.GetString(response.Body);
        Assert.Contains("kept", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_logging_shows_no_secret_wherever_it_stands(bool inFront)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(Trust),
            services: services => services.AddHttpLogging(logging =>
            {
                logging.RequestHeaders.Add("X-Gateway-Secret");
                logging.RequestHeaders.Add("X-Kept");
            }),
            before: app => UseLogging(app, inFront),
            map: app => UseLogging(app, !inFront));

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}", "X-Kept: kept");

        string logged = string.Join('\n', host.Logs.GetSnapshot().Select(record => record.Message));
        Assert.Equal(["alice"], response.User.Values("sub"));
        Assert.Contains("kept", logged, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_of_the_server_in_W3C_format_shows_no_secret()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        using var watcher = new FileSystemWatcher(folder.FullName);
        var written = new TaskCompletionSource<string>();
        watcher.Changed += (_, change) => ReadLog(change.FullPath, written);
        watcher.EnableRaisingEvents = true;
        try
        {
            await using ReceivingHost host = await ReceivingHost.StartAsync(
                schemes => schemes.AddIdentityHeaders(Trust),
                services: services => services.AddW3CLogging(logging =>
                {
                    logging.LogDirectory = folder.FullName;
                    logging.FlushInterval = TimeSpan.FromMilliseconds(1);
                    logging.AdditionalRequestHeaders.Add("X-Gateway-Secret");
                    logging.AdditionalRequestHeaders.Add("X-Kept");
                }),
                before: app => app.UseW3CLogging());

            await host.GetAsync("/open", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}", "X-Kept: kept");

            Assert.DoesNotContain(Secret, await written.Task.WaitAsync(TimeSpan.FromSeconds(60)), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Middleware_that_a_library_put_in_front_earlier_finds_no_secret()
    {
        string[] found = [];
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes =>
        {
            schemes.Services.AddSingleton<IStartupFilter>(new FirstMiddleware((context, next) =>
            {
                found = [.. context.Request.Headers.Keys];
                return next();
            }));
            schemes.AddIdentityHeaders(Trust);
        });

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}");

        Assert.Equal(["alice"], response.User.Values("sub"));
        Assert.Contains("X-User-Sub", found);
        Assert.DoesNotContain("X-Gateway-Secret", found);
    }

    [Fact]
    public async Task Features_of_the_server_hold_no_secret()
    {
        List<string> found = [];
        await using ReceivingHost host = await StartAsync(
            options => options.RemoveIdentityHeaders = true,
            before: app => app.Use(async (context, next) =>
            {
                found.AddRange(context.Features.GetRequiredFeature<IHttpRequestFeature>().Headers.Values.Select(value => value.ToString()));
                await next(context);
                found.AddRange(context.Features.GetRequiredFeature<IHttpRequestFeature>().Headers.Values.Select(value => value.ToString()));
            }));

        await host.GetAsync("/headers", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}", "X-Kept: kept");

        Assert.Equal(2, found.Count(value => value == "kept"));
        Assert.Equal(1, found.Count(value => value == "alice"));
        Assert.DoesNotContain(Secret, found);
    }

    [Fact]
    public async Task Secret_that_middleware_in_front_adds_is_found_and_leaves_the_request()
    {
        await using ReceivingHost host = await StartAsync(before: app => app.Use((context, next) =>
        {
            context.Request.Headers["X-Gateway-Secret"] = Secret;
            return next(context);
        }));

        RawResponse response = await host.GetAsync("/headers", "X-User-Sub: alice");

        Assert.Equal("alice X-User-Sub", Encoding.UTF8.GetString(response.Body));
    }

    [Fact]
    public async Task Assertion_is_not_shown_by_what_stands_in_front_of_authentication()
    {
        string[] found = [];
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(before: app => app.Use((context, next) =>
        {
            found = [.. context.Request.Headers.Keys];
            return next(context);
        }));

        using HttpResponseMessage response = await hosts.SendAsync(Users.Named("alice"));

        Assert.StartsWith("alice|", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("Host", found);
        Assert.DoesNotContain(AssertionHosts.Header, found);
    }

    [Theory]
    [InlineData("X-Gateway-Secret: 0123456789abcdef")]
    [InlineData("X-Gateway-Secret: guessed")]
    [InlineData("x_gateway_secret: 0123456789abcdef")]
    public async Task Secret_without_an_identity_leaves_the_request_too(string line)
    {
        await using ReceivingHost host = await StartAsync();

        RawResponse response = await host.GetAsync("/headers", line, "X-Kept: 1");

        Assert.Equal("anonymous X-Kept", Encoding.UTF8.GetString(response.Body));
    }

    [Fact]
    public async Task Two_schemes_of_one_secret_both_find_it()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => AddSecond(schemes.AddIdentityHeaders(Trust)), map: Map);

        RawResponse both = await host.GetAsync("/open", "X-User-Sub: alice", "X-Service-Sub: mail", $"X-Gateway-Secret: {Secret}");
        RawResponse refused = await host.GetAsync("/open", "X-User-Sub: alice", "X-Service-Sub: mail", "X-Gateway-Secret: guessed");

        Assert.Equal(200, both.Status);
        Assert.Equal(401, refused.Status);
    }

    [Fact]
    public async Task Authentication_in_another_scope_finds_the_same_user()
    {
        await using ReceivingHost host = await StartAsync(
            options => options.RemoveIdentityHeaders = true,
            before: app => app.UseExceptionHandler(
                new ExceptionHandlerOptions { ExceptionHandlingPath = "/headers", CreateScopeForErrors = true }));

        RawResponse response = await host.GetAsync("/throws", "X-User-Sub: alice", $"X-Gateway-Secret: {Secret}", "X-Kept: 1");

        Assert.Equal("alice X-Kept", Encoding.UTF8.GetString(response.Body));
    }

    [Fact]
    public async Task Host_without_UseAuthentication_warns_as_it_starts()
    {
        Assert.Equal(["AuthenticationMiddlewareMissing"], await StartClassicHostAsync(app => app.UseRouting()));
        Assert.Empty(await StartClassicHostAsync(app => app.UseRouting().UseAuthentication()));
    }

    private static async Task<string[]> StartClassicHostAsync(Action<IApplicationBuilder> configure)
    {
        var logs = FakeLogCollector.Create(new FakeLogCollectorOptions());
        using IHost host = new HostBuilder()
            .ConfigureWebHost(web => web
                .UseKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0))
                .ConfigureServices(services =>
                {
                    services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs)));
                    services.AddRouting().AddAuthentication().AddIdentityHeaders(ReceivingServer.TrustLoopback);
                })
                .Configure(configure))
            .Build();
        await host.StartAsync();
        await host.StopAsync();
        return [.. logs.GetSnapshot().Where(record => record.Category == ReceivingHost.Category).Select(record => record.Id.Name!)];
    }

    private static Task<ReceivingHost> StartAsync(
        Action<IdentityHeadersOptions>? configure = null, Action<WebApplication>? before = null) =>
        ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                Trust(options);
                configure?.Invoke(options);
            }),
            before: before,
            map: Map);

    /// <summary>Reads what a log has so far, once it has the request's line.</summary>
    private static void ReadLog(string path, TaskCompletionSource<string> written)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        string log = reader.ReadToEnd();
        if (log.Contains("kept", StringComparison.Ordinal))
        {
            written.TrySetResult(log);
        }
    }

    private static void UseLogging(WebApplication app, bool use)
    {
        if (use)
        {
            app.UseHttpLogging();
        }
    }

    private static void Trust(IdentityHeadersOptions options) => options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", Secret));

    private static void AddSecond(AuthenticationBuilder schemes) => schemes.AddIdentityHeaders("Service", options =>
    {
        Trust(options);
        options.Headers.Clear();
        options.Headers.Add("X-Service-Sub", "sub");
    });

    private static void Map(WebApplication app)
    {
        app.Map("/headers", context =>
        {
            string names = string.Join(' ', context.Request.Headers.Keys.Where(name => name[0] is 'X' or 'x'));
            string text = $"{UserNames.Of(context.User)} {names}";
            context.Response.ContentLength = text.Length;
            return context.Response.WriteAsync(text);
        });
        app.Map("/throws", (HttpContext _) => throw new OptionsValidationException("x", typeof(object), []));
    }
}
