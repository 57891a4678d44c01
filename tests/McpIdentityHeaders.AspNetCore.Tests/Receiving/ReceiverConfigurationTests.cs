using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Settings from configuration: all of them, and nothing that is not one.</summary>
public sealed class ReceiverConfigurationTests
{
    private static readonly (string, string?)[] Trust = [("TrustedPeers:0", "127.0.0.0/8")];

    [Fact]
    public async Task Everything_but_IsTrustedCertificate_binds()
    {
        var settings = new ChangingSettings(
            ("Headers:0:HeaderName", "X-User-Roles"),
            ("Headers:0:ClaimTypes:0", "realm_access"),
            ("Headers:0:JsonPath", "roles"),
            ("Headers:0:Format", "JsonArray"),
            ("Headers:0:Required", "true"),
            ("Encoding", "Percent"),
            ("MaxHeaderValueLength", "100"),
            ("MaxTotalLength", "200"),
            ("TrustedPeers:0", "10.0.0.0/8"),
            ("TrustedPeers:1", "fd00::/8"),
            ("TrustedPeers:2", "127.0.0.1"),
            ("TrustedPeers:3", "loopback"),
            ("SharedSecrets:0:HeaderName", "X-Gateway-Secret"),
            ("SharedSecrets:0:Value", "0123456789abcdef"),
            ("SharedSecrets:1:HeaderName", "X-Other-Secret"),
            ("SharedSecrets:1:Value", "fedcba9876543210"),
            ("NameClaimType", "email"),
            ("RoleClaimType", "groups"));
        await using ReceivingHost host = await StartAsync(settings);

        IdentityHeadersOptions options = host.Services.GetRequiredService<IOptionsMonitor<IdentityHeadersOptions>>()
            .Get(IdentityHeadersDefaults.AuthenticationScheme);

        Assert.Equal(["X-User-Sub", "X-User-Email", "X-User-Name", "X-User-Roles"], options.Headers.Select(header => header.HeaderName));
        Assert.Equivalent(
            new { JsonPath = "roles", Format = ClaimValueFormat.JsonArray, Required = true, ClaimTypes = new[] { "realm_access" } },
            options.Headers[3]);
        Assert.Equal(["10.0.0.0/8", "fd00::/8", "127.0.0.1", "loopback"], options.TrustedPeers);
        Assert.Equal(
            [("X-Gateway-Secret", "0123456789abcdef"), ("X-Other-Secret", "fedcba9876543210")],
            options.SharedSecrets.Select(secret => (secret.HeaderName, secret.Value)));
        Assert.Equal(
            (HeaderValueEncoding.Percent, 100, 200, "email", "groups"),
            (options.Encoding, options.MaxHeaderValueLength, options.MaxTotalLength, options.NameClaimType, options.RoleClaimType));
    }

    [Fact]
    public async Task Bound_settings_are_what_requests_are_read_by()
    {
        var settings = new ChangingSettings(
            [.. Trust, ("Encoding", "Percent"),
            ("SharedSecrets:0:HeaderName", "X-Gateway-Secret"), ("SharedSecrets:0:Value", "0123456789abcdef"),
            ("Headers:0:HeaderName", "X-User-Roles"), ("Headers:0:ClaimTypes:0", "groups"), ("Headers:0:Format", "CommaSeparated"),
            ("RoleClaimType", "groups")]);
        await using ReceivingHost host = await StartAsync(settings);

        RawResponse response = await host.GetAsync(
            "/admin", "X-User-Sub: Jos%C3%A9", "X-User-Roles: staff,admin", "X-Gateway-Secret: 0123456789abcdef");

        Assert.Equal(["Jos\u00E9"], response.User.Values("sub"));
    }

    [Fact]
    public async Task Settings_from_code_and_configuration_add_up()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders(options => options.Headers.Add("X-User-Tenant", "tid"))
            .AddIdentityHeaders(new ChangingSettings(Trust).NewSection())
            .AddIdentityHeaders(options => options.Headers.Add("X-User-Issuer", "iss")));

        RawResponse response = await host.GetAsync("/open", "X-User-Sub: alice", "X-User-Tenant: t", "X-User-Issuer: i");

        Assert.Equal(["iss", "sub", "tid"], response.User.Claims.Select(claim => claim.Type).Order(StringComparer.Ordinal));
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Theory]
    [InlineData("TrustedNetwork:0", "10.0.0.0/8", "Edge:TrustedNetwork")]
    [InlineData("TrustedPeers", "10.0.0.0/8", "Edge:TrustedPeers")]
    [InlineData("TrustedPeers:0", "", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0", "10.0.0.0", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0", "10.0.0.0/33", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0", "10.0.0.1/8", "Edge:TrustedPeers:0")] // bits of a host
    [InlineData("TrustedPeers:0", "fd00::1/8", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0", "192.168/16", "Edge:TrustedPeers:0")] // 192.0.0.168, and so 192.0.0.0/16
    [InlineData("TrustedPeers:0", "10/8", "Edge:TrustedPeers:0")] // 0.0.0.10, and so 0.0.0.0/8
    [InlineData("TrustedPeers:0", "010.0.0.0/8", "Edge:TrustedPeers:0")] // octal
    [InlineData("TrustedPeers:0", "everyone", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0:Network", "10.0.0.0/8", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers", "10.0.0.1", "Edge:TrustedPeers")]
    [InlineData("TrustedPeers:0", "gateway.internal", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0", "10.1", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0", "1", "Edge:TrustedPeers:0")]
    [InlineData("TrustedPeers:0", "010.0.0.1", "Edge:TrustedPeers:0")] // octal
    [InlineData("TrustedPeers:0", "[::1]:80", "Edge:TrustedPeers:0")]
    [InlineData("IsTrustedCertificate", "CN=gateway", "Edge:IsTrustedCertificate")]
    [InlineData("SharedSecrets", "0123456789abcdef", "Edge:SharedSecrets")]
    [InlineData("SharedSecrets:0", "0123456789abcdef", "Edge:SharedSecrets:0")]
    [InlineData("SharedSecrets:0:HeaderName", "X-Gateway-Secret", "Edge:SharedSecrets:0")]
    [InlineData("SharedSecrets:0:Value", "0123456789abcdef", "Edge:SharedSecrets:0")]
    [InlineData("SharedSecrets:0:Header", "X-Gateway-Secret", "Edge:SharedSecrets:0:Header")]
    [InlineData("SharedSecret:HeaderName", "X-Gateway-Secret", "Edge:SharedSecret")]
    [InlineData("Encoding", "Base64", "Edge:Encoding")]
    [InlineData("Encoding", "1", "Edge:Encoding")]
    [InlineData("Encoding", "", "Edge:Encoding")]
    [InlineData("MaxTotalLength", "many", "Edge:MaxTotalLength")]
    [InlineData("MaxHeaderValueLength", "", "Edge:MaxHeaderValueLength")]
    [InlineData("NameClaimType", "", "NameClaimType")]
    [InlineData("RoleClaimType", "", "RoleClaimType")]
    [InlineData("NameClaimType:0", "name", "Edge:NameClaimType")]
    [InlineData("Headers", "X-User-A", "Edge:Headers")]
    [InlineData("Headers:0:HeaderName", "X-User-A", "Edge:Headers:0")]
    [InlineData("Headers:0:Header", "X-User-A", "Edge:Headers:0:Header")]
    [InlineData("MissingIdentity", "Reject", "Edge:MissingIdentity")] // a sender's setting
    public async Task Setting_that_is_misspelt_empty_or_of_another_type_is_refused_with_its_path(string key, string value, string path)
    {
        var settings = new ChangingSettings([("TrustedPeers:9", "127.0.0.0/8"), (key, value)]);

        Exception? refused = await Record.ExceptionAsync(() => StartAsync(settings));

        Assert.NotNull(refused);
        Assert.True(refused is InvalidOperationException or OptionsValidationException, $"{refused.GetType()}");
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789abcdef", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Section_that_is_a_single_value_is_refused()
    {
        var section = new Microsoft.Extensions.Configuration.ConfigurationManager { ["Edge"] = "127.0.0.0/8" }.GetSection("Edge");

        Exception? refused = await Record.ExceptionAsync(() => ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(section)));

        Assert.Contains(
            "section 'Edge' is a single value",
            Assert.IsType<OptionsValidationException>(refused).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Section_that_is_missing_is_refused_with_its_path()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(new ChangingSettings()));

        Assert.Contains("section 'Edge' is missing, misspelt or empty", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_wrong_settings_are_reported_at_once()
    {
        var settings = new ChangingSettings(
            [
                .. Trust, ("Encoding", ""), ("MaxTotalLength", "many"), ("TrustedPeers:1", "10.1"), ("TrustedPeers:2", ""),
                ("Headers:0:HeaderName", "X-User-A"), ("Headers:0:ClaimTypes:0", "a"),
                ("Headers:1:HeaderName", "x.user_a"), ("Headers:1:ClaimTypes:0", "b"),
            ]);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(settings));

        string[] errors =
        [
            "'Edge:Encoding' is empty", "'Edge:MaxTotalLength'", "'Edge:TrustedPeers:1'", "'Edge:TrustedPeers:2' is empty",
            "'Edge:Headers:1' has the HeaderName 'x.user_a', and the list has 'X-User-A' already",
        ];
        Assert.All(errors, error => Assert.Contains(error, refused.Message, StringComparison.Ordinal));
    }

    private static Task<ReceivingHost> StartAsync(ChangingSettings settings) =>
        ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(settings.NewSection()));
}
