using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>What a change of the configuration does while the server runs.</summary>
public sealed class ReceiverReloadTests
{
    private const string Old = "old-secret-0123456789";
    private const string New = "new-secret-0123456789";

    private readonly ChangingSettings _settings = new(
        ("TrustedPeers:0", "127.0.0.0/8"), ("SharedSecrets:0:HeaderName", "X-Gateway-Secret"), ("SharedSecrets:0:Value", Old));

    [Fact]
    public async Task Secret_is_replaced_by_way_of_two_without_an_outage()
    {
        await using ReceivingHost host = await StartAsync();
        Assert.Equal("200 401", await StatusesAsync(host));

        _settings.Change(("SharedSecrets:1:HeaderName", "X-Gateway-Secret"), ("SharedSecrets:1:Value", New));
        Assert.Equal("200 200", await StatusesAsync(host));

        _settings.Change(("SharedSecrets:1:HeaderName", null), ("SharedSecrets:1:Value", null), ("SharedSecrets:0:Value", New));
        Assert.Equal("401 200", await StatusesAsync(host));

        Assert.Equal(
            2,
            host.Logs.GetSnapshot().Count(record => record.Id.Name == "SettingsChanged" && record.Category == ReceivingHost.Category));
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Message.Contains("secret-0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trusted_network_that_changes_counts_from_the_next_request_on()
    {
        await using ReceivingHost host = await StartAsync();

        _settings.Change(("TrustedPeers:0", "10.0.0.0/8"));
        string refused = await StatusesAsync(host);
        _settings.Change(("TrustedPeers:0", "127.0.0.1/32"));

        Assert.Equal("401 401", refused);
        Assert.Equal("200 401", await StatusesAsync(host));
    }

    [Fact]
    public async Task Header_that_is_added_counts_from_the_next_request_on()
    {
        await using ReceivingHost host = await StartAsync();
        RawResponse before = await host.GetAsync("/open", "X-User-Sub: alice", "X_User_Tenant: t", $"X-Gateway-Secret: {Old}");

        _settings.Change(("Headers:0:HeaderName", "X-User-Tenant"), ("Headers:0:ClaimTypes:0", "tid"));
        RawResponse alias = await host.GetAsync("/open", "X-User-Sub: alice", "X_User_Tenant: t", $"X-Gateway-Secret: {Old}");
        RawResponse read = await host.GetAsync("/open", "X-User-Sub: alice", "X-User-Tenant: t", $"X-Gateway-Secret: {Old}");

        Assert.Equal(200, before.Status);
        Assert.Equal(400, alias.Status);
        Assert.Equal(["t"], read.User.Values("tid"));
    }

    [Theory]
    [InlineData("TrustedPeers:0", "10.0.0.1/8")]
    [InlineData("TrustedPeers:0", "everyone")]
    [InlineData("TrustedPeers:0", "")]
    [InlineData("TrustedPeer:0", "10.0.0.0/8")]
    [InlineData("SharedSecrets:0:Value", "short")]
    [InlineData("SharedSecrets:0:Value", "")]
    [InlineData("SharedSecrets:0:Value", null)]
    [InlineData("SharedSecrets:0:HeaderName", "X-User-Sub")]
    [InlineData("SharedSecrets:0:HeaderName", "Host")]
    [InlineData("Headers:0:HeaderName", "X-User-A")]
    [InlineData("MaxTotalLength", "0")]
    [InlineData("Encoding", "Base64")]
    [InlineData("Unknown", "1")]
    public async Task Invalid_change_is_logged_and_leaves_the_last_good_settings(string key, string? value)
    {
        await using ReceivingHost host = await StartAsync();
        Assert.Equal("200 401", await StatusesAsync(host));

        _settings.Change((key, value));

        Assert.Equal("200 401", await StatusesAsync(host));
        FakeLogRecord logged = Assert.Single(host.Logs.GetSnapshot(), record => record.Level == LogLevel.Error);
        Assert.Equal("SettingsRefused", logged.Id.Name);
        Assert.Equal(ReceivingHost.Category, logged.Category);
        Assert.DoesNotContain(
            host.Logs.GetSnapshot(),
            record => $"{record.Message} {record.Exception}".Contains("secret-0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_that_takes_away_all_trust_is_refused_and_leaves_the_last_good_settings()
    {
        await using ReceivingHost host = await StartAsync();

        _settings.Change(
            ("TrustedPeers:0", null), ("SharedSecrets:0:HeaderName", null), ("SharedSecrets:0:Value", null), ("MaxTotalLength", "8192"));

        Assert.Equal("200 401", await StatusesAsync(host));
        FakeLogRecord logged = Assert.Single(host.Logs.GetSnapshot(), record => record.Level == LogLevel.Error);
        Assert.Contains("TrustedPeers", $"{logged.Message} {logged.Exception?.Message}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_that_corrects_an_invalid_one_is_in_force()
    {
        await using ReceivingHost host = await StartAsync();

        _settings.Change(("SharedSecrets:0:Value", "short"));
        _settings.Change(("SharedSecrets:0:Value", New));

        Assert.Equal("401 200", await StatusesAsync(host));
    }

    [Fact]
    public async Task Change_of_one_scheme_leaves_the_other_alone()
    {
        var others = new ChangingSettings(
            ("TrustedPeers:0", "127.0.0.0/8"), ("Headers:0:HeaderName", "X-Other-Sub"), ("Headers:0:ClaimTypes:0", "sub"));
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes
            .AddIdentityHeaders(_settings.NewSection())
            .AddIdentityHeaders("Other", options => options.Headers.Clear())
            .AddIdentityHeaders("Other", others.NewSection()));

        others.Change(("TrustedPeers:0", "10.0.0.0/8"));

        RawResponse other = await host.GetAsync("/open", "X-Other-Sub: alice");
        Assert.Equal(401, other.Status);
        Assert.Equal("200 401", await StatusesAsync(host));
    }

    /// <summary>What a peer gets with the old secret, and with the new.</summary>
    private static async Task<string> StatusesAsync(ReceivingHost host)
    {
        RawResponse old = await host.GetAsync("/open", "X-User-Sub: alice", $"X-Gateway-Secret: {Old}");
        RawResponse replaced = await host.GetAsync("/open", "X-User-Sub: alice", $"X-Gateway-Secret: {New}");
        return $"{old.Status} {replaced.Status}";
    }

    private Task<ReceivingHost> StartAsync() => ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(_settings.NewSection()));
}
