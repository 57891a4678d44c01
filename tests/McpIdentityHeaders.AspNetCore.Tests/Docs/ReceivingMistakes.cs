using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Client;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The mistakes of docs/troubleshooting.md at a backend, by the cell that names what is seen of each.</summary>
internal static class ReceivingMistakes
{
    public static IReadOnlyDictionary<string, Func<Symptoms, Task>> All { get; } = new Dictionary<string, Func<Symptoms, Task>>
    {
        ["400, and the log says `the header '…' is blank`"] = symptoms => ReceiveAsync(symptoms, lines: "X-User-Sub:"),
        ["400, and the log says `the value of the header '…' is not in the canonical form`"] = async symptoms =>
        {
            await ReceiveAsync(symptoms, lines: "X-User-Sub: Jos\u00c3\u00a9");
            await ReceiveAsync(symptoms, lines: "X-User-Sub: =?UTF-8?B?Sm9zw6k=?=");
        },
        ["401, and the log says `the server offers no socket`"] = ReceiveWithoutSocketAsync,
        ["500, and the log says `No authenticationScheme was specified`"] = AskNoSchemeAsync,
        ["a tool fails, and the log says `No service of the requested type was found`"] = CallToolAnonymouslyAsync,
        ["`no header becomes the claim 'name'` at start-up"] = symptoms => ReceiveAsync(symptoms, options =>
        {
            options.Headers.Clear();
            options.Headers.Add("X-User-Sub", "sub");
        }),
        ["`no header becomes the roles 'roles'` at start-up"] = symptoms => ReceiveAsync(
            symptoms,
            options => options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated })),
        ["`settings come through the configuration binder` at start-up"] = symptoms => BindAsync(
            symptoms, IdentityHeadersDefaults.AuthenticationScheme, ("TrustedPeers:0", "loopback"), ("SharedSecret:0:Value", "misspelt")),
        ["`configured without a name, which reaches no scheme` at start-up"] = symptoms => symptoms.FailAsync(
            () => BindAsync(symptoms, Options.DefaultName, ("TrustedPeers:0", "loopback"))),
        ["`has an entry in configuration that the binder leaves out` at start-up"] = symptoms => symptoms.FailAsync(
            () => BindAsync(
                symptoms,
                IdentityHeadersDefaults.AuthenticationScheme,
                ("TrustedPeers:0", "loopback"),
                ("TrustedPeers:1:Network", "10.0.0.0/8"))),
        ["`has no UseAuthentication` at start-up"] = StartWithoutAuthenticationAsync,
        ["a logged error that begins with `UseIdentityHeaderStripping runs`"] = StripTooLateAsync,
    };

    private static async Task ReceiveAsync(Symptoms symptoms, Action<IdentityHeadersOptions>? configure = null, params string[] lines)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                ReceivingServer.TrustLoopback(options);
                configure?.Invoke(options);
            }),
            services: services => services.AddTraceLogging(symptoms.Logs));

        RawResponse response = await host.GetAsync("/open", lines);

        symptoms.Add($"{response.Status} {Encoding.UTF8.GetString(response.Body)}");
    }

    private static async Task BindAsync(Symptoms symptoms, string name, params (string Key, string Value)[] settings)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build();
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(),
            services: services =>
            {
                services.AddTraceLogging(symptoms.Logs);
                services.Configure<IdentityHeadersOptions>(name, configuration);
            });
    }

    private static async Task ReceiveWithoutSocketAsync(Symptoms symptoms)
    {
        using var server = new MemoryServer();
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
            services: services => services.AddTraceLogging(symptoms.Logs),
            server: server);

        int status = await server.GetAsync("/open", "127.0.0.1", ("X-User-Sub", "alice"));

        symptoms.Add($"{status}");
    }

    private static async Task AskNoSchemeAsync(Symptoms symptoms)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback).AddCookie(),
            services: services => services.AddTraceLogging(symptoms.Logs));

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice");

        symptoms.Add($"{response.Status}");
    }

    private static async Task CallToolAnonymouslyAsync(Symptoms symptoms)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback),
            services: services =>
            {
                services.AddTraceLogging(symptoms.Logs);
                services.AddMcpServer().WithHttpTransport().WithTools(
                    [McpServerTool.Create((ClaimsPrincipal? user) => user?.FindFirst("sub")?.Value, new() { Name = "mine" })]);
            },
            map: app => app.MapMcp("/mcp"));
        await using ServiceProvider services = McpReceiver.NewClients(host, McpBackendKind.Stateless);

        await AmbientIdentity.RunAsync(null, async () =>
        {
            await using McpClient client = await services.ConnectAsync();
            Assert.True((await client.CallToolAsync("mine")).IsError);
        });
    }

    private static async Task StartWithoutAuthenticationAsync(Symptoms symptoms)
    {
        using IHost host = new HostBuilder()
            .ConfigureWebHost(web => web
                .UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0))
                .ConfigureServices(services =>
                {
                    services.AddTraceLogging(symptoms.Logs);
                    services.AddRouting().AddAuthentication().AddIdentityHeaders(ReceivingServer.TrustLoopback);
                })
                .Configure(app => app.UseRouting()))
            .Build();

        await host.StartAsync();
        await host.StopAsync();
    }

    private static async Task StripTooLateAsync(Symptoms symptoms)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddCookie(),
            services: services =>
            {
                services.AddTraceLogging(symptoms.Logs);
                services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection();
            },
            before: app => app.UseAuthentication().UseIdentityHeaderStripping());

        await host.GetAsync("/open");
    }
}
