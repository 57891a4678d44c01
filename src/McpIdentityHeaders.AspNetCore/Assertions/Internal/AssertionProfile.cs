using System.Text.RegularExpressions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>What one proxy's documentation says of its assertions.</summary>
internal sealed partial class AssertionProfile
{
    private const string Email = "email";
    private const string Groups = "groups";
    private const string IapIssuer = "https://cloud.google.com/iap";

    private static readonly Dictionary<IdentityAssertionProfile, AssertionProfile> All = new()
    {
        [IdentityAssertionProfile.CloudflareAccess] = new()
        {
            HeaderName = "Cf-Access-Jwt-Assertion",
            Algorithm = SecurityAlgorithms.RsaSha256,

            // As long as the application's session, which is a month at the most.
            MaxLifetime = TimeSpan.FromHours(24),
            LongestMaxLifetime = TimeSpan.FromDays(31),
            NameClaimType = Email,
            GetKeySetUri = options => new Uri($"{options.Issuer}/cdn-cgi/access/certs"),
            GetValidationErrors = GetCloudflareErrors,
            GetTokenError = token => ReadText(token, "type") == "app" ? null : "it is no application token: its type is not 'app'",
            Companions = new([new("Cf-Access-Authenticated-User-Email", token => ReadText(token, Email))]),
        },
        [IdentityAssertionProfile.GoogleIap] = new()
        {
            HeaderName = "X-Goog-Iap-Jwt-Assertion",
            Algorithm = SecurityAlgorithms.EcdsaSha256,

            // 10 minutes and twice the skew, as documented.
            MaxLifetime = TimeSpan.FromMinutes(11),
            NameClaimType = Email,
            GetIssuer = _ => IapIssuer,
            GetKeySetUri = _ => new Uri("https://www.gstatic.com/iap/verify/public_key-jwk"),
            GetValidationErrors = GetIapErrors,
            Companions = new(
            [
                new("X-Goog-Authenticated-User-Email", GetIapEmail),
                new("X-Goog-Authenticated-User-Id", token => token.Subject),
            ]),
        },
        [IdentityAssertionProfile.AwsApplicationLoadBalancer] = new()
        {
            HeaderName = "X-Amzn-Oidc-Data",
            Algorithm = SecurityAlgorithms.EcdsaSha256,
            MaxLifetime = TimeSpan.FromHours(1),
            LongestMaxLifetime = TimeSpan.FromDays(7),

            // Claims and access token together have 11K at the most, and Base64url makes them a third longer.
            MaxTokenLength = 16 * 1024,
            IsLoadBalancer = true,
            GetKeySetUri = options => GetLoadBalancerKeys(LoadBalancerArn().Match(options.Signer ?? string.Empty)),
            GetValidationErrors = GetLoadBalancerErrors,
            Companions = new([new("X-Amzn-Oidc-Identity", token => token.Subject), new("X-Amzn-Oidc-Accesstoken", GetValue: null)]),
        },
        [IdentityAssertionProfile.Pomerium] = new()
        {
            HeaderName = "X-Pomerium-Jwt-Assertion",
            Algorithm = SecurityAlgorithms.EcdsaSha256,
            RoleClaimType = Groups,
            GetIssuer = options => options.Audience,
            GetKeySetUri = options => new Uri($"https://{options.Audience}/.well-known/pomerium/jwks.json"),
            GetValidationErrors = GetPomeriumErrors,
            Companions = new(
            [
                .. new[] { "sub", "user", Email, "name", Groups }.Select(
                    claim => new CompanionHeader($"X-Pomerium-Claim-{claim}", token => ReadText(token, claim))),
            ]),
        },
    };

    internal required string HeaderName { get; init; }

    /// <summary>Gets the only algorithm that is accepted.</summary>
    internal required string Algorithm { get; init; }

    internal TimeSpan MaxLifetime { get; private init; } = TimeSpan.FromMinutes(10);

    /// <summary>Gets the most that MaxLifetime can be set to.</summary>
    internal TimeSpan LongestMaxLifetime { get; private init; } = TimeSpan.FromHours(1);

    internal int? MaxTokenLength { get; private init; }

    internal string? NameClaimType { get; private init; }

    internal string? RoleClaimType { get; private init; }

    /// <summary>Gets whether it has the load balancer's own kind of token and of keys.</summary>
    internal bool IsLoadBalancer { get; private init; }

    /// <summary>Gets what gives the issuer where it is not set.</summary>
    internal Func<ReceivedAssertionOptions, string?> GetIssuer { get; private init; } = static _ => null;

    /// <summary>Gets what gives the address of the keys, of valid options.</summary>
    internal required Func<ReceivedAssertionOptions, Uri> GetKeySetUri { get; init; }

    internal required Func<ReceivedAssertionOptions, IEnumerable<string>> GetValidationErrors { get; init; }

    /// <summary>Gets what says why a verified token is none of a user; null where it is one.</summary>
    internal Func<JsonWebToken, string?> GetTokenError { get; private init; } = static _ => null;

    internal required CompanionHeaders Companions { get; init; }

    /// <returns>Null where none is set, or it is unknown, which validation refuses.</returns>
    internal static AssertionProfile? Find(IdentityAssertionProfile? profile) => profile is { } known ? All.GetValueOrDefault(known) : null;

    private static string ReadText(JsonWebToken token, string claimType) =>
        string.Join(',', token.Claims.Where(claim => claim.Type == claimType).Select(claim => claim.Value));

    /// <summary>Gets the e-mail address as IAP's plain header has it: behind the namespace of the subject.</summary>
    private static string GetIapEmail(JsonWebToken token)
    {
        string email = ReadText(token, Email);
        string prefix = token.Subject[..(token.Subject.IndexOf(':', StringComparison.Ordinal) + 1)];
        return email.StartsWith(prefix, StringComparison.Ordinal) ? email : prefix + email;
    }

    private static IEnumerable<string> GetCloudflareErrors(ReceivedAssertionOptions options)
    {
        if (!IsOrigin(options.Issuer))
        {
            yield return "ReceivedAssertionOptions.Issuer is no https origin. Set it to your team domain, such as "
                + "'https://my-team.cloudflareaccess.com', without a slash behind it.";
        }

        if (string.IsNullOrWhiteSpace(options.Audience))
        {
            yield return "ReceivedAssertionOptions.Audience is not set. Set it to the AUD tag of the Access application.";
        }
    }

    private static IEnumerable<string> GetIapErrors(ReceivedAssertionOptions options)
    {
        if (options.Issuer != IapIssuer)
        {
            yield return $"ReceivedAssertionOptions.Issuer is set, and IAP's is always '{IapIssuer}'. Do not set it.";
        }

        if (options.Audience?.StartsWith("/projects/", StringComparison.Ordinal) != true)
        {
            yield return "ReceivedAssertionOptions.Audience is no resource of a Google Cloud project. Set it to the signed header JWT "
                + "audience of the resource, such as '/projects/NUMBER/global/backendServices/ID' or '/projects/NUMBER/apps/PROJECT'.";
        }
    }

    private static IEnumerable<string> GetLoadBalancerErrors(ReceivedAssertionOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Issuer))
        {
            yield return "ReceivedAssertionOptions.Issuer is not set. Set it to the Issuer of the listener rule's action, or with Cognito "
                + "to 'https://cognito-idp.REGION.amazonaws.com/POOL'.";
        }

        Match arn = LoadBalancerArn().Match(options.Signer ?? string.Empty);
        if (!arn.Success)
        {
            yield return "ReceivedAssertionOptions.Signer is no ARN of an Application Load Balancer. Set it to the load balancer's, such "
                + "as 'arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID': these tokens have no audience, and only the "
                + "signer tells yours from those of others.";
        }
        else if (arn.Groups["partition"].Value is not ("aws" or "aws-us-gov") && options is { KeySetUri: null, Keys.Count: 0 })
        {
            yield return "ReceivedAssertionOptions.Signer is in a partition of AWS without a documented address of the keys. Set KeySetUri "
                + "to the address that a key's id follows.";
        }
    }

    private static IEnumerable<string> GetPomeriumErrors(ReceivedAssertionOptions options)
    {
        if (Uri.CheckHostName(options.Audience) != UriHostNameType.Dns)
        {
            yield return "ReceivedAssertionOptions.Audience is no host. Set it to the host of the route in front of this program, such as "
                + "'notes.example.com'.";
        }
        else if (options.Issuer != options.Audience && options.Issuer != $"https://{options.Audience}/")
        {
            yield return $"ReceivedAssertionOptions.Issuer is neither the route's host nor 'https://{options.Audience}/'. Do not set it, "
                + "or, if Pomerium's jwt_issuer_format is 'uri', set it to the second.";
        }
    }

    private static bool IsOrigin(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && uri.Scheme == Uri.UriSchemeHttps
        && text == uri.GetLeftPart(UriPartial.Authority);

    private static Uri GetLoadBalancerKeys(Match arn)
    {
        string region = arn.Groups["region"].Value;
        return new Uri(arn.Groups["partition"].Value == "aws-us-gov"
            ? $"https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}"
            : $"https://public-keys.auth.elb.{region}.amazonaws.com");
    }

    // The region becomes a part of a host name.
    [GeneratedRegex(
        @"\Aarn:(?<partition>aws[a-z-]*):elasticloadbalancing:(?<region>[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}):[0-9]{12}:"
        + @"loadbalancer/app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16,}\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex LoadBalancerArn();
}
