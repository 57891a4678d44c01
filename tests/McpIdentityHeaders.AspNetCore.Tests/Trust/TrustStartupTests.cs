using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Trust;

/// <summary>No peer is trusted until the options name one.</summary>
public sealed class TrustStartupTests
{
    private static readonly string[] Choices = ["TrustedPeers", "IsTrustedCertificate", "SharedSecrets"];

    public static TheoryData<string, Action<AuthenticationBuilder>> Untrusting => new()
    {
        { "IdentityHeaders", schemes => schemes.AddIdentityHeaders() },
        { "IdentityHeaders", schemes => schemes.AddIdentityHeaders(options => options.NameClaimType = "email") },
        { "IdentityHeaders", schemes => schemes.AddIdentityHeaders(new ChangingSettings(("MaxTotalLength", "100")).NewSection()) },
        { "Second", schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback).AddIdentityHeaders("Second", _ => { }) },
        {
            "Second",
            schemes => schemes
                .AddIdentityHeaders(ReceivingServer.TrustLoopback)
                .AddIdentityHeaders("Second", new ChangingSettings(("MaxTotalLength", "100")).NewSection())
        },
    };

    [Theory]
    [MemberData(nameof(Untrusting), DisableDiscoveryEnumeration = true)]
    public async Task Server_that_trusts_no_peer_fails_to_start_and_names_the_options(string scheme, Action<AuthenticationBuilder> schemes)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(schemes));

        string error = Assert.Single(refused.Failures);
        Assert.All(Choices, choice => Assert.Contains(choice, error, StringComparison.Ordinal));
        Assert.Contains($"'{scheme}'", error, StringComparison.Ordinal);
    }

    public static TheoryData<Action<IdentityHeadersOptions>> Trusting => new()
    {
        options => options.TrustedPeers.Add("10.0.0.0/8"),
        options => options.TrustedPeers.Add("::1"),
        options => options.IsTrustedCertificate = _ => false,
        options => options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", "0123456789abcdef")),
    };

    [Theory]
    [MemberData(nameof(Trusting), DisableDiscoveryEnumeration = true)]
    public async Task One_kind_of_trust_is_enough_to_start(Action<IdentityHeadersOptions> configure)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(configure));

        RawResponse response = await host.GetAsync("/open");

        Assert.False(response.User.IsAuthenticated);
    }

    [Fact]
    public async Task Trust_that_one_call_sets_counts_for_another_call_of_the_same_scheme()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes =>
        {
            schemes.AddIdentityHeaders();
            schemes.Services.Configure<IdentityHeadersOptions>(IdentityHeadersDefaults.AuthenticationScheme, ReceivingServer.TrustLoopback);
        });

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice");

        Assert.Equal(["alice"], response.User.Values("sub"));
    }

    [Fact]
    public async Task Settings_without_a_scheme_trust_no_peer_for_a_scheme()
    {
        await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(schemes =>
        {
            schemes.AddIdentityHeaders();
            schemes.Services.Configure<IdentityHeadersOptions>(ReceivingServer.TrustLoopback);
        }));
    }
}
