using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Nobody is believed until somebody has said who is.</summary>
public sealed class TrustStartupTests
{
    private static readonly string[] Choices = ["TrustedNetworks", "TrustedAddresses", "TrustedCertificate", "SharedSecrets"];

    public static TheoryData<string, Action<AuthenticationBuilder>> Untrusting => new()
    {
        { "IdentityHeaders", schemes => schemes.AddIdentityHeaders() },
        { "IdentityHeaders", schemes => schemes.AddIdentityHeaders(options => options.NameClaimType = "email") },
        { "IdentityHeaders", schemes => schemes.AddIdentityHeaders(new ChangingSettings().NewSection()) },
        { "IdentityHeaders", schemes => schemes.AddIdentityHeaders(new ChangingSettings(("MaxTotalLength", "100")).NewSection()) },
        { "Second", schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback).AddIdentityHeaders("Second", _ => { }) },
        {
            "Second",
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback).AddIdentityHeaders("Second", new ChangingSettings().NewSection())
        },
    };

    [Theory]
    [MemberData(nameof(Untrusting), DisableDiscoveryEnumeration = true)]
    public async Task Server_that_trusts_nobody_does_not_start_and_says_what_to_choose_from(string scheme, Action<AuthenticationBuilder> schemes)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(schemes));

        string failure = Assert.Single(refused.Failures);
        Assert.All(Choices, choice => Assert.Contains(choice, failure, StringComparison.Ordinal));
        Assert.Contains($"'{scheme}'", failure, StringComparison.Ordinal);
    }

    public static TheoryData<Action<IdentityHeadersOptions>> Trusting => new()
    {
        options => options.TrustedNetworks.Add(IPNetwork.Parse("10.0.0.0/8")),
        options => options.TrustedAddresses.Add(IPAddress.IPv6Loopback),
        options => options.TrustedCertificate = _ => false,
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
    public async Task Settings_of_no_scheme_trust_nobody_on_behalf_of_one()
    {
        await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(schemes =>
        {
            schemes.AddIdentityHeaders();
            schemes.Services.Configure<IdentityHeadersOptions>(ReceivingServer.TrustLoopback);
        }));
    }
}
