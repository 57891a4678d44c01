using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>The settings of the activity's tag: the same three rules for a client and for both kinds of receiver.</summary>
public sealed class UserActivityTagSettingsTests
{
    private const string Key = "k3y-0123456789abcdef0123456789abcdef";

    public static TheoryData<string, string?, string?, string> Invalid
    {
        get
        {
            var cases = new TheoryData<string, string?, string?, string>();
            foreach (string end in (string[])["client", "headers", "assertion"])
            {
                cases.Add(end, "PseudonymousId", null, "UserActivityTagKey is not set. Set it to 32 random bytes");
                cases.Add(end, "PseudonymousId", "k3y-0123456789abcdef0123456789a", "UserActivityTagKey is not at least 32 characters");
                cases.Add(end, null, "k3y-too-short", "UserActivityTagKey is not at least 32 characters");
                cases.Add(end, "Id", Key, "UserActivityTagKey is set. Set UserActivityTag to PseudonymousId, or remove the key.");
                cases.Add(end, "Subject", null, "Edge:UserActivityTag' is none of None, Id, PseudonymousId");
                cases.Add(end, "PseudonymousId", " ", "Edge:UserActivityTagKey' is empty");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task Invalid_setting_stops_the_host_without_its_key(string end, string? tag, string? key, string expected)
    {
        await using WebApplication app = NewApp(end, tag, key);

        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => app.StartAsync());

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("k3y", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client", "Id", null)]
    [InlineData("headers", "Id", null)]
    [InlineData("assertion", "Id", null)]
    [InlineData("client", "pseudonymousid", Key)]
    [InlineData("headers", "pseudonymousid", Key)]
    [InlineData("assertion", "pseudonymousid", Key)]
    [InlineData("client", null, Key)]
    public async Task Setting_binds(string end, string? tag, string? key)
    {
        await using WebApplication app = NewApp(end, tag, key);

        await app.StartAsync();

        Assert.Equal((Enum.Parse<UserActivityTag>(tag ?? "None", ignoreCase: true), key), Read(app.Services, end));
        await app.StopAsync();
    }

    [Fact]
    public void Value_that_is_none_of_the_enumeration_is_refused()
    {
        var refused = Assert.Throws<ArgumentException>(() =>
            new ClaimInjectionHandler(new PropertyAccessor(), new ClaimInjectionOptions { UserActivityTag = (UserActivityTag)9 }));

        Assert.Contains("UserActivityTag is the unknown '9'. Use a value of UserActivityTag.", refused.Message, StringComparison.Ordinal);
    }

    private static WebApplication NewApp(string end, string? tag, string? key)
    {
        List<(string, string?)> settings =
        [
            .. tag is null ? Array.Empty<(string, string?)>() : [("UserActivityTag", tag)],
            .. key is null ? Array.Empty<(string, string?)>() : [("UserActivityTagKey", key)],
        ];
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        AuthenticationBuilder schemes = builder.Services.AddAuthentication();
        IConfigurationSection section = new ChangingSettings([.. settings, .. SettingsOf(end)]).NewSection();
        _ = end switch
        {
            "client" => builder.Services.AddHttpClient("backend").AddClaimInjection(section).Services,
            "headers" => schemes.AddIdentityHeaders(section).Services,
            _ => schemes.AddIdentityAssertion(section).Services,
        };
        return builder.Build();
    }

    private static (string, string?)[] SettingsOf(string end) => end switch
    {
        "client" => [("TrustedOrigins:0", "https://backend.example.com")],
        "headers" => [("TrustedPeers:0", "loopback")],
        _ =>
        [
            ("Issuer", "https://gateway.example.com"),
            ("Audience", "https://backend.example.com"),
            ("Authority", "https://gateway.example.com"),
        ],
    };

    private static (UserActivityTag, string?) Read(IServiceProvider services, string end)
    {
        switch (end)
        {
            case "client":
                ClaimInjectionOptions client = services.GetRequiredService<IOptionsMonitor<ClaimInjectionOptions>>().Get("backend");
                return (client.UserActivityTag, client.UserActivityTagKey);
            case "headers":
                IdentityHeadersOptions headers = services.GetRequiredService<IOptionsMonitor<IdentityHeadersOptions>>()
                    .Get(IdentityHeadersDefaults.AuthenticationScheme);
                return (headers.UserActivityTag, headers.UserActivityTagKey);
            default:
                ReceivedAssertionOptions assertion = services.GetRequiredService<IOptionsMonitor<ReceivedAssertionOptions>>()
                    .Get(IdentityAssertionDefaults.AuthenticationScheme);
                return (assertion.UserActivityTag, assertion.UserActivityTagKey);
        }
    }
}
