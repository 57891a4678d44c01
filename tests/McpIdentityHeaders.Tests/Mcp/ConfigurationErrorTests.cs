using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>What is wrong in a configuration is said at start-up: all of it, with its path and the fix.</summary>
public sealed class ConfigurationErrorTests
{
    private const string Endpoint = "http://backend.test/mcp";

    public static TheoryData<string, string[], string> Wrong => new()
    {
        { "missing", [], "The configuration section 'Notes' is missing, misspelt or empty" },
        { "misspelt", ["Motes:Endpoint=" + Endpoint], "The configuration section 'Notes' is missing, misspelt or empty" },
        { "claims missing", ["Notes:Endpoint=" + Endpoint], "The configuration section 'Notes:Claims' is missing, misspelt or empty" },
        { "claims empty", ["Notes:Endpoint=" + Endpoint, "Notes:Claims="], "section 'Notes:Claims' is missing, misspelt or empty" },
        { "empty value", [.. Valid, "Notes:Claims:Encoding="], "'Notes:Claims:Encoding' is empty" },
        { "white value", [.. Valid, "Notes:Claims:RequireHttps= "], "'Notes:Claims:RequireHttps' is empty" },
        { "empty list", [.. Valid, "Notes:Claims:TrustedOrigins="], "'Notes:Claims:TrustedOrigins' is empty" },
        { "empty item", [.. Valid, "Notes:Claims:TrustedOrigins:0="], "'Notes:Claims:TrustedOrigins:0' is empty" },
        { "empty transport value", [.. Valid, "Notes:Name="], "'Notes:Name' is empty" },
        { "empty endpoint", ["Notes:Endpoint=", "Notes:Claims:MaxRedirections=1"], "'Notes:Endpoint' is empty" },
        { "no endpoint", ["Notes:Claims:MaxRedirections=1"], "the setting 'Notes:Endpoint' in the configuration" },
        {
            "no endpoint, and an origin",
            ["Notes:Claims:TrustedOrigins:0=http://other.test"],
            "The MCP client 'notes' has no endpoint. Give it one with the setting 'Notes:Endpoint' in the configuration"
        },
        {
            "header twice",
            [.. Valid, .. Header(0, "X-User-Roles", "roles"), .. Header(1, "X-User-Roles", "groups")],
            "'Notes:Claims:Headers:1' has the HeaderName 'X-User-Roles', and the list has 'X-User-Roles' already"
        },
        {
            "header twice, as an alias",
            [.. Valid, .. Header(0, "X-User-Roles", "roles"), .. Header(1, "X-User-B", "b"), .. Header(2, "x_user.roles", "groups")],
            "'Notes:Claims:Headers:2' has the HeaderName 'x_user.roles', and the list has 'X-User-Roles' already"
        },
    };

    private static string[] Valid => ["Notes:Endpoint=" + Endpoint, "Notes:Claims:MaxRedirections=1"];

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Wrong_configuration_is_refused_at_startup_with_its_path(string what, string[] settings, string expected)
    {
        using IHost host = NewHost(settings);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.NotEmpty(what);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_errors_of_a_client_are_reported_at_once()
    {
        using IHost host = NewHost(
            "Notes:Endpoint=nowhere",
            "Notes:TransportMode=Pigeon",
            "Notes:Pool:MaxSessions=many",
            "Notes:Pool:Nonsense=1",
            "Notes:Claims:Misspelt=1",
            "Notes:Claims:Encoding=Morse",
            "Notes:Claims:TrustedOrigins:0=one",
            "Notes:Claims:TrustedOrigins:1=two",
            "Notes:Claims:Headers:0:HeaderName=",
            "Notes:Claims:Headers:1:Header=X-User-A");

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        string[] paths =
        [
            "Endpoint", "TransportMode", "Pool:MaxSessions", "Pool:Nonsense", "Claims:Misspelt", "Claims:Encoding",
            "Claims:TrustedOrigins:0", "Claims:TrustedOrigins:1", "Claims:Headers:0:HeaderName", "Claims:Headers:1:Header",
        ];
        Assert.All(paths, path => Assert.Contains($"'Notes:{path}'", refused.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Notes:Pool:MaxSessions=many", "'Notes:Pool:MaxSessions'")]
    [InlineData("Notes:Pool:MaxSessions=0", "MaxSessions")]
    [InlineData("Notes:Claims:Encoding=Morse", "'Notes:Claims:Encoding'")]
    [InlineData("Notes:Claims:MaxRedirections=-1", "MaxRedirections")]
    [InlineData("Notes:TransportMode=Pigeon", "'Notes:TransportMode'")]
    [InlineData("Notes:ConnectionTimeout=soon", "'Notes:ConnectionTimeout'")]
    [InlineData("Notes:AdditionalHeaders:X-Key=", "'Notes:AdditionalHeaders:X-Key'")]
    [InlineData("Notes:KnownSessionId=abc", "KnownSessionId")]
    public async Task Missing_endpoint_is_reported_beside_another_error(string setting, string expected)
    {
        using IHost host = NewHost(setting, "Notes:Claims:TrustedOrigins:0=http://other.test");

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Contains("the setting 'Notes:Endpoint' in the configuration", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_endpoint_is_one_error()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMcpClient("notes").AddClaimInjection();
        using IHost host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        string error = Assert.Single(refused.Failures);
        Assert.StartsWith("The MCP client 'notes' has no endpoint. Give it one with", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nowhere")]
    [InlineData("ftp://backend.test")]
    public async Task Invalid_endpoint_is_not_called_missing(string endpoint)
    {
        using IHost host = NewHost($"Notes:Endpoint={endpoint}", "Notes:Claims:TrustedOrigins:0=http://other.test");

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());

        Assert.Contains("'Notes:Endpoint'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("has no endpoint", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_that_failing_code_may_set_is_not_called_missing()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMcpClient("notes", options =>
        {
            options.Endpoint = new Uri("ftp://backend.test");
            options.Endpoint = new Uri(Endpoint);
        });
        using IHost host = builder.Build();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.StartsWith("MCP client 'notes': ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("has no endpoint", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_setting_hides_no_error_of_a_validator()
    {
        using IHost host = NewHost(
            "Notes:Endpoint=" + Endpoint,
            "Notes:TransportMode=Pigeon",
            "Notes:KnownSessionId=abc",
            "Notes:Pool:MaxSessions=many",
            "Notes:Pool:IdleTimeout=00:00:00",
            "Notes:Claims:Encoding=Morse",
            "Notes:Claims:MaxRedirections=-1");

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.All(
            ["TransportMode", "KnownSessionId", "MaxSessions", "IdleTimeout", "Encoding", "MaxRedirections"],
            setting => Assert.Contains(setting, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Invalid_transport_setting_hides_no_error_of_the_endpoint()
    {
        using IHost host = NewHost("Notes:Endpoint=http://backend.test/mcp", "Notes:TransportMode=Pigeon", "Notes:Claims:RequireHttps=true");

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains("'Notes:TransportMode'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("RequireHttps is set", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_of_all_clients_are_reported_at_once()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMcpClient("notes", _ => { });
        builder.Services.AddHttpClient("mail").AddClaimInjection();
        using IHost host = builder.Build();

        var refused = await Assert.ThrowsAsync<AggregateException>(() => host.StartAsync());

        Assert.All(["'notes'", "'mail'"], name => Assert.Contains(name, refused.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Notes")]
    [InlineData("nodes")]
    public async Task Unknown_name_lists_the_registered_ones(string name)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("notes", new Uri(Endpoint));
        services.AddMcpClient("Mail", new Uri(Endpoint));
        services.AddHttpClient("other");
        await using ServiceProvider provider = services.BuildServiceProvider();

        var created = await Assert.ThrowsAsync<InvalidOperationException>(
            () => provider.GetRequiredService<IMcpClientFactory>().CreateClientAsync(name));
        var rented = await Assert.ThrowsAsync<InvalidOperationException>(() => provider.Pool().RentAsync(name).AsTask());

        Assert.All([created, rented], error => Assert.EndsWith(
            "Registered: 'Mail', 'notes'. The case of a name counts.", error.Message, StringComparison.Ordinal));
    }

    private static string[] Header(int index, string name, string claimType) =>
        [$"Notes:Claims:Headers:{index}:HeaderName={name}", $"Notes:Claims:Headers:{index}:ClaimTypes:0={claimType}"];

    private static IHost NewHost(params string[] settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => setting.Split('=', 2)).Select(setting => KeyValuePair.Create(setting[0], (string?)setting[1])));
        builder.Services.AddMcpClient("notes", builder.Configuration.GetSection("Notes"))
            .AddClaimInjection(builder.Configuration.GetSection("Notes:Claims"));
        return builder.Build();
    }
}
