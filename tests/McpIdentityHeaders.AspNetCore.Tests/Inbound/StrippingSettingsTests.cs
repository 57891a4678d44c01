using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Which clients' names are stripped, and since when.</summary>
public sealed class StrippingSettingsTests
{
    [Fact]
    public async Task Name_that_a_reload_adds_is_stripped_from_then_on()
    {
        IConfigurationRoot configuration = Configuration(
            ("Identity:Headers:0:HeaderName", "X-Tenant-Id"), ("Identity:Headers:0:ClaimTypes:0", "tid"));
        await using InboundServer server = await StartAsync(configuration);
        using RawClient client = await RawClient.ConnectAsync(server.Uri);
        string[] lines = ["X_Tenant_Id: a", "X-Department: b", "X-Gateway-Secret: c", "X-User-Sub: d"];
        string[] before = StrippingServer.Headers(await client.GetAsync(lines));

        configuration["Identity:Headers:1:HeaderName"] = "X-Department";
        configuration["Identity:Headers:1:ClaimTypes:0"] = "department";
        configuration["Identity:SharedSecret:HeaderName"] = "X-Gateway-Secret";
        configuration["Identity:SharedSecret:Value"] = StrippingServer.Secret;
        configuration.Reload();

        Assert.Equal(["X-Department: b", "X-Gateway-Secret: c"], before);
        Assert.Empty(StrippingServer.Headers(await client.GetAsync(lines)));
    }

    [Fact]
    public async Task Name_that_a_reload_renames_is_stripped_under_its_new_form_only()
    {
        IConfigurationRoot configuration = Configuration(
            ("Identity:Headers:0:HeaderName", "X-Old"), ("Identity:Headers:0:ClaimTypes:0", "tid"));
        await using InboundServer server = await StartAsync(configuration);
        using RawClient client = await RawClient.ConnectAsync(server.Uri);
        Assert.Equal(["X-New: b"], StrippingServer.Headers(await client.GetAsync("X-Old: a", "X-New: b")));

        configuration["Identity:Headers:0:HeaderName"] = "X-New";
        configuration.Reload();

        Assert.Equal(["X-Old: a"], StrippingServer.Headers(await client.GetAsync("X-Old: a", "X-New: b")));
    }

    [Fact]
    public async Task Reload_that_is_not_valid_leaves_the_last_names_in_force()
    {
        IConfigurationRoot configuration = Configuration(
            ("Identity:Headers:0:HeaderName", "X-Tenant-Id"), ("Identity:Headers:0:ClaimTypes:0", "tid"));
        await using InboundServer server = await StartAsync(configuration);
        using RawClient client = await RawClient.ConnectAsync(server.Uri);

        configuration["Identity:Headers:0:HeaderName"] = "Authorization";
        configuration.Reload();

        Assert.Equal(
            ["Authorization: b"],
            StrippingServer.Headers(await client.GetAsync("X-Tenant-Id: a", "Authorization: b", "X-User-Name: c")));
    }

    [Fact]
    public async Task Reload_of_one_of_several_clients_counts()
    {
        IConfigurationRoot configuration = Configuration(("Identity:MaxRedirections", "1"));
        await using InboundServer server = await StrippingServer.StartAsync(services: services =>
        {
            StrippingServer.AddClients(services);
            services.AddMcpClient("late", new Uri("http://late.test/mcp")).AddClaimInjection(configuration.GetSection("Identity"));
        });
        using RawClient client = await RawClient.ConnectAsync(server.Uri);
        Assert.Equal(["X-Late: b"], StrippingServer.Headers(await client.GetAsync("X-Tenant-Id: a", "X-Late: b")));

        configuration["Identity:Headers:0:HeaderName"] = "X-Late";
        configuration["Identity:Headers:0:ClaimTypes:0"] = "late";
        configuration.Reload();

        Assert.Empty(StrippingServer.Headers(await client.GetAsync("X-Tenant-Id: a", "X-Late: b")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Application_without_injection_is_told_what_to_call(bool hasClient)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        if (hasClient)
        {
            builder.Services.AddMcpClient("notes", new Uri("http://notes.test/mcp"));
        }

        builder.Services.AddHttpClient("plain");
        await using WebApplication app = builder.Build();

        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => app.UseIdentityHeaderStripping());

        Assert.Contains("AddClaimInjection", refused.Message, StringComparison.Ordinal);
        Assert.Contains("UseIdentityHeaderStripping", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_application_is_refused() =>
        Assert.Equal(
            "app", Assert.Throws<ArgumentNullException>(() => ((IApplicationBuilder)null!).UseIdentityHeaderStripping()).ParamName);

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value)))
        .Build();

    private static Task<InboundServer> StartAsync(IConfigurationRoot configuration) => StrippingServer.StartAsync(services: services =>
        services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection(configuration.GetSection("Identity")));
}
