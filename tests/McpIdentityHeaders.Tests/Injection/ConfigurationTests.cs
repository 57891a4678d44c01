using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Settings from configuration, and their reload while requests are in flight.</summary>
public sealed class ConfigurationTests
{
    private static readonly (string Key, string? Value) Trusted = ("TrustedOrigins:0", "http://backend.test");

    [Theory]
    [InlineData("true", "X-User-Roles")]
    [InlineData("false", "X-User-Sub, X-User-Email, X-User-Name, X-User-Roles")]
    public async Task ReplaceHeaders_sets_whether_headers_of_a_section_replace_others(string replace, string expected)
    {
        var fixture = new Fixture(
            ("Headers:0:HeaderName", "X-User-Roles"), ("Headers:0:ClaimTypes:0", "roles"), ("replaceHeaders", replace), Trusted);
        await using ServiceProvider services = fixture.Build();

        ClaimInjectionOptions options = services.GetRequiredService<IOptionsMonitor<ClaimInjectionOptions>>().Get("backend");

        Assert.Equal(expected.Split(", "), options.Headers.Select(header => header.HeaderName));
    }

    [Fact]
    public async Task Every_setting_except_SelectIdentity_binds()
    {
        var fixture = new Fixture(
            ("Headers:0:HeaderName", "X-User-Roles"),
            ("Headers:0:ClaimTypes:0", "realm_access"),
            ("Headers:0:JsonPath", "roles"),
            ("Headers:0:Format", "JsonArray"),
            ("Headers:0:Required", "true"),
            ("SubjectClaimTypes:0", "oid"),
            ("MissingIdentity", "Reject"),
            ("Encoding", "percent"),
            ("TrustedOrigins:0", "https://one.test"),
            ("AllowAnyOrigin", "true"),
            ("RequireHttps", "true"),
            ("MaxRedirections", "3"),
            ("MaxHeaderValueLength", "100"),
            ("MaxTotalLength", "200"),
            ("OversizedValue", "Omit"));
        await using ServiceProvider services = fixture.Build();

        ClaimInjectionOptions options = services.GetRequiredService<IOptionsMonitor<ClaimInjectionOptions>>().Get("backend");

        Assert.Equal(["X-User-Sub", "X-User-Email", "X-User-Name", "X-User-Roles"], options.Headers.Select(header => header.HeaderName));
        Assert.Equivalent(
            new { JsonPath = "roles", Format = ClaimValueFormat.JsonArray, Required = true, ClaimTypes = new[] { "realm_access" } },
            options.Headers[3]);
        Assert.Equal([new Uri("https://one.test")], options.TrustedOrigins);
        Assert.Equal(["oid"], options.SubjectClaimTypes);
        Assert.Equivalent(
            new
            {
                MissingIdentity = MissingIdentityBehavior.Reject,
                Encoding = HeaderValueEncoding.Percent,
                AllowAnyOrigin = true,
                RequireHttps = true,
                MaxRedirections = 3,
                MaxHeaderValueLength = 100,
                MaxTotalLength = 200,
                OversizedValue = OversizedValueBehavior.Omit,
            },
            options);
    }

    [Fact]
    public async Task Settings_from_code_and_configuration_add_up_in_either_order()
    {
        var fixture = new Fixture(Trusted, ("Headers:0:HeaderName", "X-User-Tenant"), ("Headers:0:ClaimTypes:0", "tid"));
        fixture.Http.AddClaimInjection(options => options.Headers.Add("X-User-Issuer", "iss"));
        await using ServiceProvider services = fixture.Build();

        await Fixture.SendAsync(services, Users.With(("sub", "alice"), ("tid", "t1"), ("iss", "i1")));

        Assert.Equal(["X-User-Sub: alice", "X-User-Tenant: t1", "X-User-Issuer: i1"], fixture.Backend.Only.Identity);
    }

    [Theory]
    [InlineData("MissingIdentiy", "Reject", "MissingIdentiy")]
    [InlineData("MissingIdentity", "Rejekt", "Claims:MissingIdentity")]
    [InlineData("MaxTotalLength", "many", "Claims:MaxTotalLength")]
    [InlineData("MissingIdentity", "Forward,Reject", "Claims:MissingIdentity")]
    [InlineData("MissingIdentity", "2", "Claims:MissingIdentity")]
    [InlineData("RequireHttps", "", "Claims:RequireHttps")]
    [InlineData("TrustedOrigins", "https://one.test", "Claims:TrustedOrigins")]
    [InlineData("TrustedOrigins:0", "", "Claims:TrustedOrigins:0")]
    [InlineData("TrustedOrigins:0:Uri", "https://one.test", "Claims:TrustedOrigins:0")]
    [InlineData("TrustedOrigins:0", "one.test", "Claims:TrustedOrigins:0")]
    [InlineData("Headers", "X-User-A", "Claims:Headers")]
    [InlineData("Headers:0", "X-User-A", "Claims:Headers:0")]
    [InlineData("Headers:0:HeaderName", "X-User-A", "'Claims:Headers:0' has no HeaderName")]
    [InlineData(
        "Headers:0:Header",
        "X-User-A",
        "'Claims:Headers:0:Header' is not known. There are HeaderName, ClaimTypes, JsonPath, Format and Required.")]
    public async Task Misspelt_or_mistyped_setting_is_refused(string key, string value, string expected)
    {
        var fixture = new Fixture((key, value));
        await using ServiceProvider services = fixture.Build();

        Exception? refused = await Record.ExceptionAsync(() => Fixture.SendAsync(services, Users.Alice));

        Assert.Contains(expected, Assert.IsType<InvalidOperationException>(refused).Message, StringComparison.Ordinal);
        Assert.Empty(fixture.Backend.Requests);
    }

    [Fact]
    public async Task Changed_configuration_applies_from_the_next_request()
    {
        var fixture = new Fixture(Trusted, ("Headers:0:HeaderName", "X-User-Tenant"), ("Headers:0:ClaimTypes:0", "tid"));
        await using ServiceProvider services = fixture.Build();
        ClaimsPrincipal user = Users.With(("sub", "alice"), ("tid", "t1"));
        await Fixture.SendAsync(services, user);

        fixture.Change(("Headers:0:HeaderName", "X-User-Organisation"));
        await Fixture.SendAsync(services, user);

        Assert.Equal(
            [["X-User-Sub: alice", "X-User-Tenant: t1"], ["X-User-Sub: alice", "X-User-Organisation: t1"]],
            fixture.Backend.Requests.Select(request => request.Identity));
    }

    [Theory]
    [InlineData("Headers:0:HeaderName", "Host")]
    [InlineData("MaxTotalLength", "0")]
    [InlineData("MaxTotalLength", "many")]
    [InlineData("Unknown", "1")]
    [InlineData("Encoding", "Utf8")]
    public async Task Invalid_reload_keeps_the_last_good_settings_and_is_logged(string key, string value)
    {
        var fixture = new Fixture(Trusted, ("Headers:0:HeaderName", "X-User-Tenant"), ("Headers:0:ClaimTypes:0", "tid"));
        await using ServiceProvider services = fixture.Build();
        ClaimsPrincipal user = Users.With(("sub", "alice"), ("tid", "t1"));
        await Fixture.SendAsync(services, user);

        fixture.Change((key, value));
        await Fixture.SendAsync(services, user);

        Assert.Equal(["X-User-Sub: alice", "X-User-Tenant: t1"], fixture.Backend.Requests[1].Identity);
        FakeLogRecord logged = Assert.Single(fixture.Logs.GetSnapshot(), record => record.Level == LogLevel.Error);
        Assert.Equal("SettingsRefused", logged.Id.Name);
    }

    [Fact]
    public async Task Reload_that_corrects_an_invalid_one_applies()
    {
        var fixture = new Fixture(Trusted, ("Headers:0:HeaderName", "X-User-Tenant"), ("Headers:0:ClaimTypes:0", "tid"));
        await using ServiceProvider services = fixture.Build();
        ClaimsPrincipal user = Users.With(("sub", "alice"), ("tid", "t1"));
        await Fixture.SendAsync(services, user);

        fixture.Change(("Headers:0:HeaderName", "Host"));
        fixture.Change(("Headers:0:HeaderName", "X-User-Organisation"));
        await Fixture.SendAsync(services, user);

        Assert.Equal(["X-User-Sub: alice", "X-User-Organisation: t1"], fixture.Backend.Requests[1].Identity);
    }

    [Fact]
    public async Task Request_in_flight_during_a_reload_sees_one_set_of_settings()
    {
        var fixture = new Fixture(
            Trusted,
            ("Headers:0:HeaderName", "X-User-A"), ("Headers:0:ClaimTypes:0", "tid"),
            ("Headers:1:HeaderName", "X-User-AA"), ("Headers:1:ClaimTypes:0", "tid"));
        await using ServiceProvider services = fixture.Build();
        ClaimsPrincipal user = Users.With(("sub", "alice"), ("tid", "t"));
        using var done = new CancellationTokenSource();

        Task sending = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                await Fixture.SendAsync(services, user);
            }
        });
        for (int i = 0; i < 200; i++)
        {
            string letter = i % 2 == 0 ? "B" : "A";
            fixture.Change(("Headers:0:HeaderName", $"X-User-{letter}"), ("Headers:1:HeaderName", $"X-User-{letter}{letter}"));
        }

        await done.CancelAsync();
        await sending;

        string[] before = ["X-User-Sub: alice", "X-User-A: t", "X-User-AA: t"];
        string[] after = ["X-User-Sub: alice", "X-User-B: t", "X-User-BB: t"];
        Assert.All(fixture.Backend.Requests, request => Assert.Equal(request.Has("X-User-A") ? before : after, request.Identity));
    }

    [Fact]
    public async Task Reload_without_trusted_origins_does_not_open_every_origin()
    {
        var fixture = new Fixture(("TrustedOrigins:0", "http://backend.test"));
        await using ServiceProvider services = fixture.Build();
        await Fixture.SendAsync(services, Users.Alice);

        fixture.Clear();
        await Fixture.SendAsync(services, Users.Alice, "http://other.test/");

        Assert.Empty(fixture.Backend.Requests[1].Identity);
        Assert.Contains(fixture.Logs.GetSnapshot(), record => record.Id.Name == "SettingsRefused");
    }

    [Fact]
    public async Task Partial_change_that_loses_the_trusted_origins_keeps_the_last_settings()
    {
        var fixture = new Fixture(("MaxRedirections", "3"), ("TrustedOrigins:0", "http://backend.test"));
        await using ServiceProvider services = fixture.Build();
        await Fixture.SendAsync(services, Users.Alice);

        // The section is still there: only the change itself shows that the file was cut off.
        fixture.Replace(("MaxRedirections", "3"));
        await Fixture.SendAsync(services, Users.Alice, "http://other.test/");
        await Fixture.SendAsync(services, Users.Alice);

        Assert.Equal(
            [["X-User-Sub: alice", "X-User-Name: Alice Adams"], [], ["X-User-Sub: alice", "X-User-Name: Alice Adams"]],
            fixture.Backend.Requests.Select(request => request.Identity));
        FakeLogRecord logged = Assert.Single(fixture.Logs.GetSnapshot(), record => record.Level == LogLevel.Error);
        Assert.Equal("SettingsRefused", logged.Id.Name);
        Assert.Equal(
            "HttpClient 'backend': no trusted origin is left. Set TrustedOrigins, or AllowAnyOrigin if every origin is meant.",
            Assert.IsType<OptionsValidationException>(logged.Exception).Message);
    }

    [Fact]
    public async Task Change_from_trusted_origins_to_AllowAnyOrigin_is_in_force()
    {
        var fixture = new Fixture(("TrustedOrigins:0", "http://backend.test"));
        await using ServiceProvider services = fixture.Build();
        await Fixture.SendAsync(services, Users.Alice, "http://other.test/");

        fixture.Replace(("AllowAnyOrigin", "true"));
        await Fixture.SendAsync(services, Users.Alice, "http://other.test/");

        Assert.Equal([[], ["X-User-Sub: alice", "X-User-Name: Alice Adams"]], fixture.Backend.Requests.Select(request => request.Identity));
        Assert.DoesNotContain(fixture.Logs.GetSnapshot(), record => record.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Removed_section_turns_nothing_off()
    {
        var fixture = new Fixture(("MissingIdentity", "Reject"));
        fixture.Http.AddClaimInjection(options => options.AllowAnyOrigin = true);
        await using ServiceProvider services = fixture.Build();
        await Fixture.SendAsync(services, Users.Alice);
        using HttpClient client = services.CreateHttpClient();

        fixture.Clear();

        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.GetAsync(new Uri("http://backend.test/")));
    }

    [Fact]
    public async Task Section_that_is_a_single_value_is_refused()
    {
        var fixture = new Fixture();
        fixture.Set("Claims", "Reject");
        await using ServiceProvider services = fixture.Build();

        await Assert.ThrowsAsync<InvalidOperationException>(() => Fixture.SendAsync(services, Users.Alice));
    }

    private sealed class Fixture
    {
        private readonly ChangingSettings _settings = new();
        private readonly ServiceCollection _services = new();

        public Fixture(params (string Key, string? Value)[] settings)
        {
            Change(settings);
            Section = new ConfigurationBuilder().Add(_settings).Build().GetSection("Claims");
            _services.AddTraceLogging(Logs);
            Http = _services.AddHttpClient("backend")
                .ConfigurePrimaryHttpMessageHandler(() => Backend)
                .AddClaimInjection(Section);
        }

        public IConfigurationSection Section { get; }

        public RecordingHandler Backend { get; } = new();

        public FakeLogCollector Logs { get; } = FakeLogCollector.Create(new FakeLogCollectorOptions());

        public IHttpClientBuilder Http { get; }

        public ServiceProvider Build() => _services.BuildServiceProvider(validateScopes: true);

        /// <summary>Changes settings and reloads once, as a file's provider does.</summary>
        public void Change(params (string Key, string? Value)[] settings) => _settings.Replace([.. _settings.All, .. InSection(settings)]);

        /// <summary>Reloads as from a file that has these settings and no others.</summary>
        public void Replace(params (string Key, string? Value)[] settings) => _settings.Replace([.. InSection(settings)]);

        public void Set(string key, string value) => _settings.Replace([(key, value)]);

        /// <summary>Reloads as from an empty file.</summary>
        public void Clear() => _settings.Replace([]);

        public static async Task SendAsync(IServiceProvider services, ClaimsPrincipal user, string uri = "http://backend.test/")
        {
            using HttpClient client = services.CreateHttpClient();
            await AmbientIdentity.RunAsync(user, async () =>
            {
                using HttpResponseMessage response = await client.GetAsync(new Uri(uri));
            });
        }

        private static IEnumerable<(string Key, string? Value)> InSection((string Key, string? Value)[] settings) =>
            settings.Select(setting => ($"Claims:{setting.Key}", setting.Value));
    }

    private sealed class ChangingSettings : ConfigurationProvider, IConfigurationSource
    {
        public IEnumerable<(string Key, string? Value)> All => Data.Select(setting => (setting.Key, setting.Value));

        public void Replace(IReadOnlyList<(string Key, string? Value)> settings)
        {
            var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            foreach ((string key, string? value) in settings)
            {
                data[key] = value;
            }

            Data = data;
            OnReload();
        }

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
    }
}
