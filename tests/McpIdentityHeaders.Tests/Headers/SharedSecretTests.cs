using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Headers;

/// <summary>The sender's secret as a setting: its validation, its sources, and that no message quotes it.</summary>
public sealed class SharedSecretTests
{
    private const string Value = "s3cr3t-0123456789";

    [Theory]
    [InlineData("X-S", "s3cr3t", "the value of the shared secret 'X-S' is not at least 16 characters")]
    [InlineData("X-S", "s3cr3t-01234567", "the value of the shared secret 'X-S' is not at least 16 characters")]
    [InlineData("X-S", Value + " ", "outer spaces")]
    [InlineData("X-S", " " + Value, "outer spaces")]
    [InlineData("X-S", Value + "\u00E9", "printable ASCII")]
    [InlineData("X-S", Value + "\r\nX-Evil: 1", "printable ASCII")]
    [InlineData("X-S", Value + "\t", "printable ASCII")]
    [InlineData("X-S", Value + "\u007F", "printable ASCII")]
    [InlineData("X-S", Value + "\uD83E", "printable ASCII")]
    [InlineData("X-S", "=?base64?s3cr3t==?=", "printable ASCII")]
    [InlineData("Authorization", Value, "the shared secret's header 'Authorization' cannot be configured: ")]
    [InlineData("mcp_session_id", Value, "the shared secret's header 'mcp_session_id' cannot be configured: ")]
    [InlineData("X Secret", Value, "the shared secret's header 'X Secret' cannot be configured: ")]
    [InlineData("X-User-Sub", Value, "the shared secret's header 'X-User-Sub' is one of Headers, or an alias of one")]
    [InlineData("x_user.NAME", Value, "the shared secret's header 'x_user.NAME' is one of Headers, or an alias of one")]
    public void Invalid_secret_is_refused_with_its_name_and_the_reason(string name, string value, string expected)
    {
        OptionsValidationException refused = Assert.Throws<OptionsValidationException>(() => Create(options =>
            options.SharedSecret = new SharedSecret(name, value), "https://backend.test/mcp"));

        string failure = Assert.Single(refused.Failures);
        Assert.StartsWith("HttpClient 'backend': ", failure, StringComparison.Ordinal);
        Assert.Contains(expected, failure, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123456789abcdef")]
    [InlineData("with inner spaces, \"quotes\" and %41 = ~")]
    [InlineData("=?base64?s3cr3t-0123456789")]
    public void Secret_of_sixteen_printable_characters_is_accepted(string value)
    {
        using ServiceProvider services =
            Create(options => options.SharedSecret = new SharedSecret("X-S", value), "https://backend.test/mcp");

        Assert.Equal(value, Options(services).SharedSecret!.Value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Secret_without_a_trusted_origin_is_refused_at_start_up(bool allowAny)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddHttpClient("backend").AddClaimInjection(options =>
        {
            options.AllowAnyOrigin = allowAny;
            options.SharedSecret = new SharedSecret("X-S", Value);
        });
        using IHost host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("TrustedOrigins", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Handler_without_a_container_refuses_an_invalid_secret_in_its_constructor()
    {
        var options = new ClaimInjectionOptions { SharedSecret = new SharedSecret("X-S", "s3cr3t") };
        options.TrustedOrigins.Add(new Uri("http://backend.test"));

        var refused = Assert.Throws<ArgumentException>(() => new ClaimInjectionHandler(new PropertyAccessor(), options));

        Assert.Contains("'X-S'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_from_configuration_follows_a_reload()
    {
        var fixture = new Fixture();
        await using ServiceProvider services = fixture.Build();

        await Fixture.SendAsync(services);
        fixture.Change("SharedSecret:Value", "another-0123456789");
        await Fixture.SendAsync(services);
        fixture.Change("SharedSecret:HeaderName", "X-Other-Secret");
        await Fixture.SendAsync(services);

        Assert.Equal(
            ["X-Gateway-Secret=" + Value, "X-Gateway-Secret=another-0123456789", "X-Other-Secret=another-0123456789"],
            fixture.Backend.Requests.Select(Secret));
    }

    [Theory]
    [InlineData("SharedSecret:Value", "short")]
    [InlineData("SharedSecret:Value", "")]
    [InlineData("SharedSecret:HeaderName", "X-User-Sub")]
    [InlineData("SharedSecret:HeaderName", "Cookie")]
    [InlineData("SharedSecret:Secret", "s3cr3t-9876543210")]
    [InlineData("SharedSecret", "s3cr3t-9876543210")]
    public async Task Invalid_reload_keeps_the_last_good_secret_and_logs_no_value(string key, string value)
    {
        var fixture = new Fixture();
        await using ServiceProvider services = fixture.Build();
        await Fixture.SendAsync(services);

        fixture.Change(key, value);
        await Fixture.SendAsync(services);

        Assert.Equal("X-Gateway-Secret=" + Value, Secret(fixture.Backend.Requests[1]));
        Assert.Contains(fixture.Logs.GetSnapshot(), record => record.Id.Name == "SettingsRefused");
        Assert.DoesNotContain(
            fixture.Logs.GetSnapshot(), record => $"{record.Message} {record.Exception}".Contains("s3cr3t", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SharedSecret:Value", null, "Claims:SharedSecret")]
    [InlineData("SharedSecret:HeaderName", null, "Claims:SharedSecret")]
    [InlineData("SharedSecret:Header", "X-S", "Claims:SharedSecret:Header")]
    [InlineData("SharedSecret", Value, "Claims:SharedSecret")]
    [InlineData("SharedSecret:Value", "", "Claims:SharedSecret")]
    [InlineData("SharedSecret:Value:0", Value, "Claims:SharedSecret")]
    [InlineData("SharedSecrets:0:Value", Value, "Claims:SharedSecrets")]
    public async Task Misspelt_or_incomplete_setting_is_refused_with_its_path(string key, string? value, string path)
    {
        var fixture = new Fixture();
        fixture.Change(key, value);
        await using ServiceProvider services = fixture.Build();

        Exception? refused = await Record.ExceptionAsync(() => Fixture.SendAsync(services));

        Assert.Contains(path, Assert.IsAssignableFrom<InvalidOperationException>(refused).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", refused.ToString(), StringComparison.Ordinal);
        Assert.Empty(fixture.Backend.Requests);
    }

    private static string Secret(RecordedRequest request)
    {
        KeyValuePair<string, string> header =
            Assert.Single(request.Headers, header => header.Key.EndsWith("-Secret", StringComparison.Ordinal));
        return $"{header.Key}={header.Value}";
    }

    private static ClaimInjectionOptions Options(IServiceProvider services) =>
        services.GetRequiredService<IOptionsMonitor<ClaimInjectionOptions>>().Get("backend");

    private static ServiceProvider Create(Action<ClaimInjectionOptions> configure, string endpoint)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("backend", new Uri(endpoint)).AddClaimInjection(configure);
        ServiceProvider provider = services.BuildServiceProvider();
        provider.CreateHttpClient().Dispose();
        return provider;
    }

    private sealed class Fixture : ConfigurationProvider, IConfigurationSource
    {
        private readonly ServiceCollection _services = new();

        public Fixture()
        {
            Data["Claims:TrustedOrigins:0"] = "http://backend.test";
            Data["Claims:SharedSecret:HeaderName"] = "X-Gateway-Secret";
            Data["Claims:SharedSecret:Value"] = Value;
            _services.AddTraceLogging(Logs);
            _services.AddHttpClient("backend")
                .ConfigurePrimaryHttpMessageHandler(() => Backend)
                .AddClaimInjection(new ConfigurationBuilder().Add(this).Build().GetSection("Claims"));
        }

        public RecordingHandler Backend { get; } = new();

        public FakeLogCollector Logs { get; } = FakeLogCollector.Create(new FakeLogCollectorOptions());

        public ServiceProvider Build() => _services.BuildServiceProvider(validateScopes: true);

        /// <summary>Changes or removes one setting, and reloads.</summary>
        public void Change(string key, string? value)
        {
            var data = new Dictionary<string, string?>(Data, StringComparer.OrdinalIgnoreCase) { [$"Claims:{key}"] = value };
            if (value is null)
            {
                data.Remove($"Claims:{key}");
            }

            Data = data;
            OnReload();
        }

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public static async Task SendAsync(IServiceProvider services)
        {
            using HttpClient client = services.CreateHttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://backend.test/");
            request.SetUser(Users.Alice);
            using HttpResponseMessage response = await client.SendAsync(request);
        }
    }
}
