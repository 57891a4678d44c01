using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static McpIdentityHeaders.AspNetCore.IdentityHeadersProfile;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>A profile is a setting like all others.</summary>
public sealed class ProfileSettingsTests
{
    [Fact]
    public async Task Profile_binds_from_a_section()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders("proxy", Section(("Profile", "authelia"), ("TrustedPeers:0", "loopback"))));

        RawResponse response = await host.GetAsync("/open", "Remote-User: john");

        Assert.Equal(("proxy", "john"), (response.User.Scheme, Assert.Single(response.User.Claims).Value));
    }

    [Fact]
    public async Task Unknown_profile_in_a_section_is_refused_with_its_path()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(Section(("Profile", "Autelia"), ("TrustedPeers:0", "loopback")))));

        Assert.Contains("'Receiver:Profile' is none of OAuth2Proxy, ", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Action<IdentityHeadersOptions>, string> InvalidCases => new()
    {
        { "unknown", options => options.Profile = (IdentityHeadersProfile)99, "Profile is the unknown '99'" },
        { "headers", options => options.Headers.Add("X-User-Groups", "groups"), "Headers or Encoding is set too" },
        { "no headers", options => options.Headers.Clear(), "Headers or Encoding is set too" },
        { "encoding", options => options.Encoding = HeaderValueEncoding.Percent, "Headers or Encoding is set too" },
        { "secret", options => options.SharedSecrets.Add(new SharedSecret("Remote_User", "0123456789abcdef")), "is one of Headers" },
    };

    [Theory]
    [MemberData(nameof(InvalidCases))]
    public async Task Settings_that_contradict_the_profile_are_refused(string what, Action<IdentityHeadersOptions> change, string message)
    {
        Assert.NotEmpty(what);

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartTrustingAsync(options =>
        {
            options.Profile = Authelia;
            change(options);
        }));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subject_becomes_the_first_of_SubjectClaimTypes()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.Profile = Authelia;
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add("uid");
        });

        RawResponse response = await host.GetAsync("/open", "Remote-User: john");

        Assert.Equal("uid", Assert.Single(response.User.Claims).Type);
    }

    [Fact]
    public async Task Limits_are_the_profiles_unless_they_are_set()
    {
        string groups = $"X-authentik-groups: {new string('x', 5000)}";
        string principal = $"X-MS-CLIENT-PRINCIPAL: {Convert.ToBase64String(new byte[9000])}";
        await using ReceivingHost small = await ReceivingHost.StartTrustingAsync(options => options.Profile = Authentik);
        await using ReceivingHost large = await ReceivingHost.StartTrustingAsync(options => options.Profile = AzureAppService);
        await using ReceivingHost set = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.Profile = AzureAppService;
            options.MaxHeaderValueLength = 100;
        });

        Assert.Contains("longer", await ErrorAsync(small, "X-authentik-uid: 1", groups), StringComparison.Ordinal);
        Assert.Contains("canonical", await ErrorAsync(large, "X-MS-CLIENT-PRINCIPAL-ID: 1", principal), StringComparison.Ordinal);
        Assert.Contains("longer", await ErrorAsync(set, "X-MS-CLIENT-PRINCIPAL-ID: 1", principal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stripping_in_front_of_a_profile_of_the_same_names_is_an_error()
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                options.Profile = Authelia;
                options.TrustedPeers.Add("loopback");
            }),
            services: services => services.AddHttpClient("backend").AddClaimInjection(options =>
            {
                options.AllowAnyOrigin = true;
                options.Headers.Add("Remote-User", "sub");
            }),
            before: app => app.UseIdentityHeaderStripping());

        RawResponse response = await host.GetAsync("/open", "Remote-User: john", "Remote_User: mallory");

        Assert.False(response.User.IsAuthenticated);
        Assert.Contains(host.Logs.GetSnapshot(), record => record.Id.Name == "StrippingBeforeReceiving");
    }

    private static async Task<string> ErrorAsync(ReceivingHost host, params string[] lines) =>
        System.Text.Encoding.UTF8.GetString((await host.GetAsync("/open", lines)).Body);

    private static IConfigurationSection Section(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Receiver:{setting.Key}", (string?)setting.Value)))
        .Build().GetSection("Receiver");
}
