using McpIdentityHeaders.AspNetCore.Internal;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static McpIdentityHeaders.AspNetCore.IdentityAssertionProfile;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>A profile needs few settings, and says which.</summary>
public sealed class AssertionProfileSettingsTests
{
    [Theory]
    [InlineData(CloudflareAccess, "https://my-team.cloudflareaccess.com/cdn-cgi/access/certs", AssertionProfileHost.CloudflareIssuer)]
    [InlineData(GoogleIap, "https://www.gstatic.com/iap/verify/public_key-jwk", "https://cloud.google.com/iap")]
    [InlineData(
        AwsApplicationLoadBalancer, "https://public-keys.auth.elb.eu-central-1.amazonaws.com/", AssertionProfileHost.LoadBalancerIssuer)]
    [InlineData(Pomerium, "https://notes.example.com/.well-known/pomerium/jwks.json", "notes.example.com")]
    public async Task Keys_and_issuer_are_the_documented_ones(IdentityAssertionProfile profile, string keys, string issuer)
    {
        var options = new ReceivedAssertionOptions();
        AssertionProfileHost.Configure(options, profile);
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityAssertion(other => AssertionProfileHost.Configure(other, profile)));

        Assert.Equal((keys, issuer), (AssertionProfile.Find(profile)!.GetKeySetUri(options).AbsoluteUri, options.Issuer));
        Assert.False((await host.GetAsync("/open")).User.IsAuthenticated);
    }

    [Theory]
    [InlineData("us-gov-west-1")]
    [InlineData("us-gov-east-1")]
    public void Keys_of_GovCloud_are_at_its_own_address(string region)
    {
        var options = new ReceivedAssertionOptions
        {
            Signer = $"arn:aws-us-gov:elasticloadbalancing:{region}:123456789012:loadbalancer/app/lb/50dc6c495c0c9188",
        };

        Assert.Equal(
            $"https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}",
            AssertionProfile.Find(AwsApplicationLoadBalancer)!.GetKeySetUri(options).AbsoluteUri);
    }

    [Fact]
    public async Task Profile_binds_from_a_section()
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        IConfigurationSection section = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Proxy:Profile"] = "awsApplicationLoadBalancer",
                ["Proxy:Issuer"] = AssertionProfileHost.LoadBalancerIssuer,
                ["Proxy:Signer"] = AssertionProfileHost.Signer,
                ["Proxy:KeySetUri"] = keys.PemUri.AbsoluteUri,
            })
            .Build().GetSection("Proxy");
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes.AddIdentityAssertion("proxy", section));
        string token = new ProxyToken(keys, AwsApplicationLoadBalancer).Sign();

        RawResponse response = await host.GetAsync("/open", AssertionProfileHost.Line(AwsApplicationLoadBalancer, token));

        Assert.Equal(("proxy", "1234567890"), (response.User.Scheme, Assert.Single(response.User.Values("sub"))));
    }

    private static readonly (IdentityAssertionProfile Profile, Action<ReceivedAssertionOptions> Change, string Error)[] Invalid =
    [
        (CloudflareAccess, options => options.Profile = (IdentityAssertionProfile)99, "Profile is the unknown '99'. Use a value of"),
        (CloudflareAccess, options => options.Issuer = null, "Issuer is no https origin. Set it to your team domain"),
        (CloudflareAccess, options => options.Issuer = "my-team.cloudflareaccess.com", "Issuer is no https origin"),
        (CloudflareAccess, options => options.Issuer = "http://my-team.cloudflareaccess.com", "Issuer is no https origin"),
        (CloudflareAccess, options => options.Issuer += "/", "Issuer is no https origin"),
        (CloudflareAccess, options => options.Issuer += "/x", "Issuer is no https origin"),
        (CloudflareAccess, options => options.Audience = " ", "Set it to the AUD tag"),
        (CloudflareAccess, options => options.MaxLifetime = TimeSpan.FromDays(32), "at most 31 days"),
        (CloudflareAccess, options => options.Signer = AssertionProfileHost.Signer, "only an Application Load Balancer's tokens name one"),
        (GoogleIap, options => options.Audience = null, "'/projects/NUMBER/global/backendServices/ID'"),
        (GoogleIap, options => options.Audience = "https://notes.example.com", "'/projects/NUMBER/global/backendServices/ID'"),
        (GoogleIap, options => options.Issuer = "https://evil.example.com", "IAP's is always 'https://cloud.google.com/iap'"),
        (GoogleIap, options => options.MaxLifetime = TimeSpan.FromHours(2), "at most 1 hour"),
        (AwsApplicationLoadBalancer, options => options.Signer = null, "Signer is no ARN of an Application Load Balancer"),
        (AwsApplicationLoadBalancer, options => options.Signer = Replace("/app/", "/net/"), "Signer is no ARN"),
        (AwsApplicationLoadBalancer, options => options.Signer = Replace("eu-central-1", "evil.example.com/x"), "Signer is no ARN"),
        (AwsApplicationLoadBalancer, options => options.Signer += "\n", "Signer is no ARN"),
        (AwsApplicationLoadBalancer, options => options.Signer = Replace("arn:aws:", "arn:aws-cn:"), "Set KeySetUri"),
        (AwsApplicationLoadBalancer, options => options.Issuer = null, "Set it to the Issuer of the listener rule's action"),
        (AwsApplicationLoadBalancer, options => options.MaxLifetime = TimeSpan.FromDays(8), "at most 7 days"),
        (Pomerium, options => options.Audience = null, "Audience is no host"),
        (Pomerium, options => options.Audience = "https://notes.example.com", "Audience is no host"),
        (Pomerium, options => options.Audience = "notes.example.com:443", "Audience is no host"),
        (Pomerium, options => options.Issuer = "https://notes.example.com", "neither the route's host nor 'https://notes.example.com/'"),
        (Pomerium, options => options.Issuer = "auth.example.com", "Issuer is neither the route's host"),
        (Pomerium, options => options.HeaderName = "X-Other", "ReceivedAssertionOptions.HeaderName is set too"),
        (Pomerium, options => options.Authority = new Uri("https://notes.example.com"), "ReceivedAssertionOptions.Authority is set too"),
        (Pomerium, options => options.Algorithms.Add("RS512"), "ReceivedAssertionOptions.Algorithms is set too"),
        (Pomerium, options => options.TokenType = "at+jwt", "ReceivedAssertionOptions.TokenType is set too"),
        (Pomerium, options => options.RequireBinding = true, "ReceivedAssertionOptions.RequireBinding is set too"),
        (Pomerium, options => options.Headers.Clear(), "ReceivedAssertionOptions.Headers is set too"),
        (Pomerium, options => options.Encoding = HeaderValueEncoding.Percent, "ReceivedAssertionOptions.Encoding is set too"),
        (Pomerium, options => options.KeySetUri = new Uri("http://notes.example.com/keys"), "KeySetUri is no https URI"),
    ];

    public static TheoryData<int> InvalidIndexes => [.. Enumerable.Range(0, Invalid.Length)];

    [Theory]
    [MemberData(nameof(InvalidIndexes))]
    public async Task Setting_that_the_profile_cannot_have_is_refused(int index)
    {
        (IdentityAssertionProfile profile, Action<ReceivedAssertionOptions> change, string error) = Invalid[index];

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityAssertion(options =>
            {
                AssertionProfileHost.Configure(options, profile);
                change(options);
            })));

        Assert.Contains(error, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signer_without_the_load_balancers_profile_is_refused()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityAssertion(options => options.Signer = AssertionProfileHost.Signer)));

        Assert.Contains("or set Profile to AwsApplicationLoadBalancer", exception.Message, StringComparison.Ordinal);
    }

    private static string Replace(string part, string other) => AssertionProfileHost.Signer.Replace(part, other, StringComparison.Ordinal);
}
