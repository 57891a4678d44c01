using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Invalid settings are refused at start-up, each by its name.</summary>
public sealed class ReceiverValidationTests
{
    private const string Value = "s3cr3t-0123456789";

    public static TheoryData<string, Action<IdentityHeadersOptions>> Invalid => new()
    {
        { "0 of Headers become the subject", options => options.Headers.Clear() },
        { "header 'Host' cannot be configured", options => options.Headers.Add("Host", "host") },
        { "header 'X_Forwarded_For' cannot be configured", options => options.Headers.Add("X_Forwarded_For", "a") },
        { "header 'X User' cannot be configured", options => options.Headers.Add("X User", "a") },
        { "JsonPath 'a..b'", options => options.Headers.Add(new ClaimHeader("X-A", "a") { JsonPath = "a..b" }) },
        { "unknown Format '9'", options => options.Headers.Add(new ClaimHeader("X-A", "a") { Format = (ClaimValueFormat)9 }) },
        { "Encoding is the unknown '9'", options => options.Encoding = (HeaderValueEncoding)9 },
        { "MaxHeaderValueLength", options => options.MaxHeaderValueLength = 0 },
        { "MaxHeaderValueLength", options => options.MaxHeaderValueLength = (1024 * 1024) + 1 },
        { "MaxTotalLength", options => options.MaxTotalLength = -1 },
        { "NameClaimType", options => options.NameClaimType = string.Empty },
        { "NameClaimType", options => options.NameClaimType = null! },
        { "RoleClaimType", options => options.RoleClaimType = string.Empty },
        { "network of all addresses", options => options.TrustedPeers.Add("0.0.0.0/0") },
        { "network of all addresses", options => options.TrustedPeers.Add("::/0") },
        { "network of all addresses", options => options.TrustedPeers.Add("::ffff:0:0/96") },
        {
            "the issuer, 'iss', is not one",
            options => options.Headers.Add(new ClaimHeader("X-I", "iss") { Format = ClaimValueFormat.JsonArray })
        },
        { "TrustedPeers has '', which is none of", options => options.TrustedPeers.Add(null!) },
        { "SharedSecrets has null in it", options => options.SharedSecrets.Add(null!) },
        { "header 'Authorization' cannot be configured", options => options.SharedSecrets.Add(new SharedSecret("Authorization", Value)) },
        { "header 'X_User_Sub' is one of Headers", options => options.SharedSecrets.Add(new SharedSecret("X_User_Sub", Value)) },
        { "header 'X-User-Email' is one of Headers", options => options.SharedSecrets.Add(new SharedSecret("X-User-Email", Value)) },
        { "'X-S' is not at least 16 characters", options => options.SharedSecrets.Add(new SharedSecret("X-S", "s3cr3t")) },
        { "'X-S' is not at least 16 characters", options => options.SharedSecrets.Add(new SharedSecret("X-S", Value + "\u00E9")) },
        { "'X-S' is not at least 16 characters", options => options.SharedSecrets.Add(new SharedSecret("X-S", Value + " ")) },
        { "'X-S' is not at least 16 characters", options => options.SharedSecrets.Add(new SharedSecret("X-S", "=?base64?s3cr3t==?=")) },
        { "0 of Headers become the subject", NoSubject },
        { "2 of Headers become the subject", options => options.Headers.Add("X-User-Id", ClaimTypes.NameIdentifier) },
    };

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public async Task Invalid_setting_is_refused_by_name(string expected, Action<IdentityHeadersOptions> configure)
    {
        foreach (string scheme in new[] { "IdentityHeaders", "Second" })
        {
            var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(schemes =>
                schemes.AddIdentityHeaders(scheme, options =>
                {
                    ReceivingServer.TrustLoopback(options);
                    configure(options);
                })));

            string error = Assert.Single(refused.Failures);
            Assert.Contains(expected, error, StringComparison.Ordinal);
            Assert.Contains($"'{scheme}'", error, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cr3t", refused.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task All_errors_are_reported_at_once()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(schemes =>
            schemes.AddIdentityHeaders(options =>
            {
                ReceivingServer.TrustLoopback(options);
                options.Headers.Add("Host", "host");
                options.SharedSecrets.Add(new SharedSecret("X-S", "short"));
                options.Encoding = (HeaderValueEncoding)9;
            })));

        Assert.Equal(3, refused.Failures.Count());
    }

    [Theory]
    [InlineData("sub")]
    [InlineData(ClaimTypes.NameIdentifier)]
    public async Task One_header_that_becomes_the_subject_is_enough(string claimType)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.Headers.Clear();
            options.Headers.Add("Remote-User", claimType);
        });

        RawResponse response = await host.GetAsync("/closed", "Remote-User: alice");

        Assert.Equal(["alice"], response.User.Values(claimType));
    }

    [Theory]
    [InlineData("", "0123456789abcdef")]
    [InlineData(" ", "0123456789abcdef")]
    [InlineData("X-S", "")]
    [InlineData("X-S", "  ")]
    public void Secret_without_a_name_or_value_is_refused_where_it_is_made(string name, string value) =>
        Assert.ThrowsAny<ArgumentException>(() => new SharedSecret(name, value));

    [Fact]
    public void Secret_formats_as_its_name_only() =>
        Assert.Equal("X-Gateway-Secret", new SharedSecret("X-Gateway-Secret", Value).ToString());

    private static void NoSubject(IdentityHeadersOptions options)
    {
        options.Headers.Clear();
        options.Headers.Add("X-User-Email", "email");
    }
}
