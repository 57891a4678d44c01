using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static McpIdentityHeaders.AspNetCore.IdentityAssertionProfile;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>A backend behind a proxy that signs, and what the tests' proxies are called.</summary>
internal static class AssertionProfileHost
{
    public const string CloudflareIssuer = "https://my-team.cloudflareaccess.com";
    public const string CloudflareAudience = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";
    public const string IapAudience = "/projects/123456789/global/backendServices/987654321";
    public const string LoadBalancerIssuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool";
    public const string Signer = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/my-lb/50dc6c495c0c9188";
    public const string PomeriumHost = "notes.example.com";

    public static IdentityAssertionProfile[] All { get; } = Enum.GetValues<IdentityAssertionProfile>();

    /// <summary>Starts a backend with a profile and all that it requires; keys come from the stand-in.</summary>
    public static Task<ReceivingHost> StartAsync(
        ProxyKeys keys,
        IdentityAssertionProfile profile,
        Action<ReceivedAssertionOptions>? change = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? before = null) => ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityAssertion(options =>
            {
                Configure(options, profile);
                options.KeySetUri = profile == AwsApplicationLoadBalancer ? keys.PemUri : keys.KeySetUri;
                change?.Invoke(options);
            }),
            services: services,
            before: before,
            map: app => app.MapGet("/names", RespondNamesAsync));

    public static void Configure(ReceivedAssertionOptions options, IdentityAssertionProfile profile)
    {
        options.Profile = profile;
        switch (profile)
        {
            case CloudflareAccess:
                (options.Issuer, options.Audience) = (CloudflareIssuer, CloudflareAudience);
                break;
            case GoogleIap:
                options.Audience = IapAudience;
                break;
            case AwsApplicationLoadBalancer:
                (options.Issuer, options.Signer) = (LoadBalancerIssuer, Signer);
                break;
            default:
                options.Audience = PomeriumHost;
                break;
        }
    }

    /// <summary>Makes the header line that carries a token.</summary>
    public static string Line(IdentityAssertionProfile profile, string token) => $"{HeaderOf(profile)}: {token}";

    public static string HeaderOf(IdentityAssertionProfile profile) => profile switch
    {
        CloudflareAccess => "Cf-Access-Jwt-Assertion",
        GoogleIap => "x-goog-iap-jwt-assertion",
        AwsApplicationLoadBalancer => "x-amzn-oidc-data",
        _ => "X-Pomerium-Jwt-Assertion",
    };

    private static Task RespondNamesAsync(HttpContext context)
    {
        string names = string.Join(
            ' ', context.Request.Headers.Keys.Where(name => name is not ("Host" or "Connection" or "Cache-Control")));
        byte[] body = Encoding.UTF8.GetBytes($"{context.User.FindFirst("sub")?.Value}|{names}");
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }
}
