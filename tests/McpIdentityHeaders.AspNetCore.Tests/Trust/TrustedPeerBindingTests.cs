using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>The configuration binder, which ignores what it cannot read, loses no trusted peer in silence.</summary>
public sealed class TrustedPeerBindingTests
{
    private const string Secret = """[{ "HeaderName": "X-Gateway-Secret", "Value": "0123456789abcdef" }]""";

    private static readonly string[] Ways = ["bind", "configure", "section"];

    public static TheoryData<string, string> Lost()
    {
        string[] lists =
        [
            """[{ "Network": "10.0.0.0/8" }]""",
            """["loopback", { "Network": "10.0.0.0/8" }]""",
            """[["10.0.0.0/8"]]""",
            """{ "gateway": { "address": { "value": "10.0.0.4" } } }""",
            """[{}]""",
            """[null]""",
            """["loopback", null]""",
            """[""]""",
            "\"\"",
            "[]",
            "null",
            "\"10.0.0.4,10.0.0.5\"",
            "\"10.0.0.4; 10.0.0.5\"",
            "17",
        ];
        var data = new TheoryData<string, string>();
        foreach (string way in Ways)
        {
            foreach (string list in lists)
            {
                data.Add(way, list);
            }
        }

        return data;
    }

    public static TheoryData<string, string> Kept()
    {
        var data = new TheoryData<string, string>();
        foreach (string way in Ways)
        {
            data.Add(way, """["10.0.0.0/8", "unix"]""");
            data.Add(way, """{ "gateway": "10.0.0.0/8", "sidecar": "unix" }""");
            data.Add(way, """{ "3": "10.0.0.0/8", "17": "unix" }""");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Lost))]
    public async Task Entry_that_would_be_lost_is_refused_beside_a_secret(string way, string list)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(way, Parse("TrustedPeers", list)));

        Assert.Contains("TrustedPeers", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public async Task Entries_hold_in_whatever_order_and_under_whatever_keys(string way, string list)
    {
        await using ReceivingHost host = await StartAsync(way, Parse("TrustedPeers", list));

        Assert.Equal(["10.0.0.0/8", "unix"], GetOptions(host).TrustedPeers);
    }

    [Theory]
    [InlineData("bind")]
    [InlineData("configure")]
    [InlineData("section")]
    public async Task Single_value_beside_a_list_is_refused(string way)
    {
        IConfigurationRoot settings = new ConfigurationBuilder()
            .AddConfiguration(Parse("TrustedPeers", """["10.0.0.0/8"]"""))
            .AddInMemoryCollection([new("Edge:TrustedPeers", "unix")])
            .Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(way, settings));

        Assert.Contains("TrustedPeers", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bind")]
    [InlineData("configure")]
    public async Task Single_value_adds_to_the_entries_of_code(string way)
    {
        await using ReceivingHost host = await StartAsync(
            way,
            Parse("TrustedPeers", "\"unix\""),
            schemes => schemes.AddIdentityHeaders(options => options.TrustedPeers.Add("10.0.0.0/8")));

        Assert.Equal(["10.0.0.0/8", "unix"], GetOptions(host).TrustedPeers);
    }

    [Theory]
    [InlineData("bind", "null")]
    [InlineData("configure", "null")]
    [InlineData("section", "null")]
    [InlineData("bind", "[null]")]
    [InlineData("configure", "[[]]")]
    [InlineData("bind", "[{}]")]
    public async Task Secret_that_would_be_lost_is_refused_beside_a_peer(string way, string list)
    {
        IConfigurationRoot settings = Parse("SharedSecrets", list, "\"TrustedPeers\": [\"loopback\"]");

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(way, settings));

        Assert.Contains("secret", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("")]
    [InlineData("identityheaders")]
    public async Task Settings_that_reach_no_scheme_are_refused(string name)
    {
        IConfigurationSection section = Parse("TrustedPeers", """["10.0.0.0/8"]""").GetSection("Edge");
        Action<IServiceCollection>[] ways =
        [
            services => services.Configure<IdentityHeadersOptions>(name, section),
            services => services.Configure<IdentityHeadersOptions>(name, options => options.TrustedPeers.Add("10.0.0.0/8")),
            services => services.AddOptions<IdentityHeadersOptions>(name).Bind(section),
            services => services.AddSingleton<IConfiguration>(section).AddOptions<IdentityHeadersOptions>(name).BindConfiguration(""),
        ];

        foreach (Action<IServiceCollection> configure in ways)
        {
            var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(
                schemes => schemes.AddIdentityHeaders(AddSecret), services: configure));

            Assert.Contains("'IdentityHeaders'", Assert.Single(refused.Failures), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Settings_of_all_schemes_reach_each()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(AddSecret),
            services: services => services.ConfigureAll<IdentityHeadersOptions>(options => options.TrustedPeers.Add("10.0.0.0/8")));

        Assert.Equal(["10.0.0.0/8"], GetOptions(host).TrustedPeers);
    }

    [Theory]
    [InlineData("bind", "TrustedPeer", "TrustedPeers is empty")]
    [InlineData("configure", "TrustedPeer", "TrustedPeers is empty")]
    [InlineData("configure", "TrustedPeers", null)]
    public async Task Binder_that_may_have_ignored_a_misspelt_name_is_warned_of_once(string way, string name, string? expected)
    {
        var settings = new ChangingSettings(
            ($"{name}:0", "loopback"), ("SharedSecrets:0:HeaderName", "X-Gateway-Secret"), ("SharedSecrets:0:Value", "0123456789abcdef"));
        await using ReceivingHost host = await StartAsync(way, new ConfigurationBuilder().Add(settings).Build());

        await host.GetAsync("/open", "X-User-Sub: alice");
        settings.Change(("MaxTotalLength", "1000"));

        string[] warnings =
            [.. host.Logs.GetSnapshot().Where(record => record.Id.Name == "BinderIgnoresNames").Select(record => record.Message)];
        Assert.Equal(expected is null ? 0 : 1, warnings.Length);
        Assert.All(warnings, warning => Assert.Contains(expected!, warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Section_that_AddIdentityHeaders_reads_is_not_warned_of()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(Parse("Encoding", "\"Mcp\"").GetSection("Edge")));

        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Id.Name == "BinderIgnoresNames");
    }

    [Fact]
    public async Task Entries_that_code_takes_out_again_are_not_taken_for_lost()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(),
            services: services => services
                .Configure<IdentityHeadersOptions>("IdentityHeaders", Parse("TrustedPeers", "[\"10.0.0.0/8\"]").GetSection("Edge"))
                .PostConfigure<IdentityHeadersOptions>("IdentityHeaders", options => options.TrustedPeers.Clear()));

        Assert.Empty(GetOptions(host).TrustedPeers);
    }

    private static void AddSecret(IdentityHeadersOptions options) =>
        options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", "0123456789abcdef"));

    private static IdentityHeadersOptions GetOptions(ReceivingHost host) =>
        host.Services.GetRequiredService<IOptionsMonitor<IdentityHeadersOptions>>().Get(IdentityHeadersDefaults.AuthenticationScheme);

    private static IConfigurationRoot Parse(string name, string list, string? beside = null)
    {
        string json = $$"""{ "Edge": { {{beside ?? $"\"SharedSecrets\": {Secret}"}}, "{{name}}": {{list}} } }""";
        return new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
    }

    private static Task<ReceivingHost> StartAsync(
        string way, IConfigurationRoot configuration, Action<AuthenticationBuilder>? before = null) => ReceivingHost.StartAsync(
        schemes =>
        {
            before?.Invoke(schemes);
            OptionsBuilder<IdentityHeadersOptions> options = schemes.AddIdentityHeaders().Services
                .AddOptions<IdentityHeadersOptions>(IdentityHeadersDefaults.AuthenticationScheme);
            _ = way switch
            {
                "bind" => options.BindConfiguration("Edge"),
                "configure" => options.Bind(configuration.GetSection("Edge")),
                _ => AddSection(options, schemes, configuration),
            };
        },
        services: services => services.AddSingleton<IConfiguration>(configuration));

    private static OptionsBuilder<IdentityHeadersOptions> AddSection(
        OptionsBuilder<IdentityHeadersOptions> options, AuthenticationBuilder schemes, IConfigurationRoot configuration)
    {
        schemes.AddIdentityHeaders(configuration.GetSection("Edge"));
        return options;
    }
}
