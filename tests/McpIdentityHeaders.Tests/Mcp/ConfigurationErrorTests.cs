using System.Text;
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
        {
            "value beside a list",
            [.. Valid, "Notes:Claims:TrustedOrigins=http://a.test", "Notes:Claims:TrustedOrigins:0=http://b.test"],
            "'Notes:Claims:TrustedOrigins' is not a list"
        },
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

    /// <summary>
    /// JSON within "Notes", beside a valid endpoint, in the shapes that people write by mistake, and the setting at fault.
    /// </summary>
    public static TheoryData<string, string> Misshapen => new()
    {
        { """ "Claims": "on" """, "section 'Notes:Claims' is a single value" },
        { """ "Claims": true """, "section 'Notes:Claims' is a single value" },
        { """ "Claims": {} """, "section 'Notes:Claims' is missing, misspelt or empty" },
        { """ "Claims": [] """, "section 'Notes:Claims' is missing, misspelt or empty" },
        { """ "Claims": null """, "section 'Notes:Claims' is missing, misspelt or empty" },
        { """ "Claims": [{ "RequireHttps": true }] """, "'Notes:Claims:0' is not known" },
        { """ "Claims": { "TrustedOrigins": [] } """, "'Notes:Claims:TrustedOrigins' is empty" },
        { """ "Claims": { "TrustedOrigins": {} } """, "'Notes:Claims:TrustedOrigins' is empty" },
        { """ "Claims": { "TrustedOrigins": null } """, "'Notes:Claims:TrustedOrigins' is empty" },
        { """ "Claims": { "TrustedOrigins": 8080 } """, "'Notes:Claims:TrustedOrigins' is not a list" },
        { """ "Claims": { "TrustedOrigins": "http://other.test" } """, "'Notes:Claims:TrustedOrigins' is not a list" },
        { """ "Claims": { "TrustedOrigins": [["http://other.test"]] } """, "'Notes:Claims:TrustedOrigins:0' is not a single value" },
        { """ "Claims": { "TrustedOrigins": [null] } """, "'Notes:Claims:TrustedOrigins:0' is empty" },
        { """ "Claims": { "TrustedOrigins": [8080] } """, "'Notes:Claims:TrustedOrigins:0' is no absolute" },
        { """ "Claims": { "Headers": [] } """, "'Notes:Claims:Headers' is empty" },
        { """ "Claims": { "Headers": 3 } """, "'Notes:Claims:Headers' is not a list" },
        { """ "Claims": { "Headers": ["X-User-Roles"] } """, "'Notes:Claims:Headers:0' is not a list or an object" },
        { """ "Claims": { "Headers": [{}] } """, "'Notes:Claims:Headers:0' is empty" },
        { """ "Claims": { "Headers": { "HeaderName": "X-User-Roles", "ClaimTypes": ["roles"] } } """, "'Notes:Claims:Headers:HeaderName'" },
        { """ "Claims": { "Headers": [{ "HeaderName": "X-User-Roles", "ClaimTypes": "a" }] } """, "'Notes:Claims:Headers:0:ClaimTypes'" },
        { """ "Claims": { "Headers": [{ "HeaderName": "X-User-Roles", "ClaimTypes": [] }] } """, "'Notes:Claims:Headers:0:ClaimTypes'" },
        { """ "Claims": { "Headers": [{ "HeaderName": ["X-User"], "ClaimTypes": ["a"] }] } """, "'Notes:Claims:Headers:0:HeaderName'" },
        { """ "Claims": { "SubjectClaimTypes": "sub" } """, "'Notes:Claims:SubjectClaimTypes' is not a list" },
        { """ "Claims": { "MaxRedirections": [1] } """, "'Notes:Claims:MaxRedirections' is not a single value" },
        { """ "Claims": { "MaxRedirections": 1.5 } """, "'Notes:Claims:MaxRedirections' is no whole number" },
        { """ "Claims": { "RequireHttps": 1 } """, "'Notes:Claims:RequireHttps' is neither true nor false" },
        { """ "Claims": { "MissingIdentity": 2 } """, "'Notes:Claims:MissingIdentity' is none of" },
        { """ "Claims": { "MaxRedirections": 1 }, "Pool": [] """, "'Notes:Pool'" },
        { """ "Claims": { "MaxRedirections": 1 }, "Pool": 5 """, "'Notes:Pool'" },
        { """ "Claims": { "MaxRedirections": 1 }, "Pool": { "IdleTimeout": 30 } """, "'Notes:Pool:IdleTimeout' is no time span" },
        { """ "Claims": { "MaxRedirections": 1 }, "Pool": { "SessionKeyClaimTypes": "org_id" } """, "'Notes:Pool:SessionKeyClaimTypes'" },
        { """ "Claims": { "MaxRedirections": 1 }, "AdditionalHeaders": ["X-Key: 1"] """, "'Notes:AdditionalHeaders:0' is an item" },
    };

    [Theory]
    [MemberData(nameof(Misshapen))]
    public async Task Setting_of_another_shape_is_refused_at_startup_with_its_path(string json, string expected)
    {
        using IHost host = NewJsonHost($$"""{ "Notes": { "Endpoint": "{{Endpoint}}", {{json}} } }""");

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_of_another_shape_are_all_reported_at_once()
    {
        using IHost host = NewJsonHost("""
            {
              "Notes": {
                "Endpoint": ["http://backend.test/mcp"],
                "AdditionalHeaders": 5,
                "Pool": { "MaxSessions": [10], "SessionKeyClaimTypes": "org_id", "IdleTimeout": {} },
                "Claims": {
                  "TrustedOrigins": {},
                  "Headers": [{ "HeaderName": [], "ClaimTypes": "roles" }, "X-User-Team"],
                  "SubjectClaimTypes": "sub",
                  "Encoding": ["Mcp"]
                }
              }
            }
            """);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        string[] paths =
        [
            "Endpoint", "AdditionalHeaders", "Pool:MaxSessions", "Pool:SessionKeyClaimTypes", "Pool:IdleTimeout", "Claims:TrustedOrigins",
            "Claims:Headers:0:HeaderName", "Claims:Headers:0:ClaimTypes", "Claims:Headers:1", "Claims:SubjectClaimTypes", "Claims:Encoding",
        ];
        Assert.All(paths, path => Assert.Contains($"'Notes:{path}'", refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task List_that_is_empty_in_a_file_can_be_filled_by_another_source()
    {
        using IHost host = NewJsonHost(
            $$"""{ "Notes": { "Endpoint": "{{Endpoint}}", "Claims": { "TrustedOrigins": [], "MaxRedirections": 1 } } }""",
            KeyValuePair.Create("Notes:Claims:TrustedOrigins:0", (string?)"http://other.test"));

        await host.StartAsync();

        var options = host.Services.GetRequiredService<IOptionsMonitor<ClaimInjectionOptions>>().Get("notes");
        Assert.Contains(new Uri("http://other.test"), options.TrustedOrigins);
        await host.StopAsync();
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
        using IHost host =
            NewHost("Notes:Endpoint=http://backend.test/mcp", "Notes:TransportMode=Pigeon", "Notes:Claims:RequireHttps=true");

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

    private static IHost NewHost(params string[] settings) => NewHost(configuration => configuration.AddInMemoryCollection(
        settings.Select(setting => setting.Split('=', 2)).Select(setting => KeyValuePair.Create(setting[0], (string?)setting[1]))));

    private static IHost NewJsonHost(string json, params KeyValuePair<string, string?>[] later) => NewHost(configuration => configuration
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)))
        .AddInMemoryCollection(later));

    private static IHost NewHost(Action<IConfigurationBuilder> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Configuration);
        builder.Services.AddMcpClient("notes", builder.Configuration.GetSection("Notes"))
            .AddClaimInjection(builder.Configuration.GetSection("Notes:Claims"));
        return builder.Build();
    }
}
