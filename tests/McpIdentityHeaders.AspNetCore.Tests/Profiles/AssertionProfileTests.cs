using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using static McpIdentityHeaders.AspNetCore.IdentityAssertionProfile;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>The assertion that each proxy documents becomes the user, and no other does.</summary>
public sealed class AssertionProfileTests
{
    private delegate void Tamper(ProxyToken token);

    private static readonly Dictionary<string, (IdentityAssertionProfile Profile, Tamper Change, string[] Claims)> Accepted = new()
    {
        ["Cloudflare"] = (CloudflareAccess, _ => { }, ["sub=7335d417-61da-459d-899c-0a01c76a2f94", "email=alice@example.com"]),
        ["Cloudflare, one audience as text"] = (
            CloudflareAccess, token => token.Payload["aud"] = AssertionProfileHost.CloudflareAudience, ["email=alice@example.com"]),
        ["Cloudflare, no nbf and no type"] = (
            CloudflareAccess,
            token =>
            {
                token.Payload.Remove("nbf");
                token.Header.Remove("typ");
            },
            ["email=alice@example.com"]),
        ["Cloudflare, José"] = (CloudflareAccess, token => token.Payload["email"] = "josé@example.com", ["email=josé@example.com"]),
        ["IAP"] = (GoogleIap, _ => { }, ["sub=accounts.google.com:118133858486581853996", "email=alice@example.com", "hd=example.com"]),
        ["IAP, eleven minutes"] = (
            GoogleIap, token => token.Payload["exp"] = token.Payload["iat"]!.GetValue<long>() + 660, ["email=alice@example.com"]),
        ["IAP, external identity"] = (
            GoogleIap,
            token =>
            {
                token.Payload["sub"] = "securetoken.google.com/my-project/my-tenant:ZXcvbnM";
                token.Payload["gcip"] = new JsonObject { ["email"] = "demo@example.com", ["sub"] = "ZXcvbnM" };
            },
            ["sub=securetoken.google.com/my-project/my-tenant:ZXcvbnM"]),
        ["ALB"] = (
            AwsApplicationLoadBalancer,
            _ => { },
            ["sub=1234567890", "name=José Álvarez", $"iss={AssertionProfileHost.LoadBalancerIssuer}"]),
        ["ALB, the documented claims alone"] = (
            AwsApplicationLoadBalancer,
            token =>
            {
                token.Header.Remove("typ");
                token.Payload.Remove("iss");
                token.Payload.Remove("exp");
            },
            ["sub=1234567890", $"iss={AssertionProfileHost.LoadBalancerIssuer}"]),
        ["ALB, one more character"] = (AwsApplicationLoadBalancer, token => token.Payload["name"] = "Álvarez1", ["name=Álvarez1"]),
        ["ALB, two more characters"] = (AwsApplicationLoadBalancer, token => token.Payload["name"] = "Álvarez12", ["name=Álvarez12"]),
        ["ALB, several values"] = (
            AwsApplicationLoadBalancer, token => token.Payload["groups"] = new JsonArray("a,b", "山"), ["groups=a,b", "groups=山"]),
        ["ALB, long"] = (
            AwsApplicationLoadBalancer, token => token.Payload["x"] = new string('x', 10_000), ["sub=1234567890"]),
        ["Pomerium"] = (
            Pomerium, _ => { }, ["sub=alice-id", "email=alice@example.com", "groups=admin", "groups=eng,ops", "name=Älice"]),
        ["Pomerium, no groups"] = (Pomerium, token => token.Payload["groups"] = new JsonArray(), ["sub=alice-id"]),
        ["Pomerium, empty name"] = (Pomerium, token => token.Payload["name"] = "", ["sub=alice-id"]),
    };

    private static readonly Dictionary<string, Tamper> RefusedOfAll = new()
    {
        ["algorithm none"] = token => { token.Header["alg"] = "none"; token.SignData = _ => []; },
        ["HMAC under nothing"] = token =>
        {
            token.Header["alg"] = "HS256";
            token.SignData = data => HMACSHA256.HashData((byte[])[], data);
        },
        ["another key of the same id"] = token => { token.Header["alg"] = "ES256"; token.SignWithAnotherKey(); },
        ["unknown key id"] = token => token.Header["kid"] = "11111111-2222-3333-4444-555555555555",
        ["no key id"] = token => token.Header.Remove("kid"),
        ["another type"] = token => token.Header["typ"] = "at+jwt",
        ["the library's own type"] = token => token.Header["typ"] = "user-assertion+jwt",
        ["critical parameter"] = token => token.Header["crit"] = new JsonArray("b64"),
        ["no subject"] = token => token.Payload.Remove("sub"),
        ["subject in capitals too"] = token => token.Payload["SUB"] = "mallory",
        ["empty subject"] = token => token.Payload["sub"] = "",
        ["subjects"] = token => token.Payload["sub"] = new JsonArray("a", "b"),
        ["expired"] = token => SetExpiry(token, Now - 31),
        ["no expiry"] = token => { token.Payload.Remove("exp"); token.Header.Remove("exp"); },
        ["expiry that is text"] = token => { token.Header["exp"] = "4000000000"; token.Payload["exp"] = "4000000000"; },
        ["valid for years"] = token => SetExpiry(token, Now + 100_000_000),
        ["another issuer"] = token => SetIssuer(token, "https://evil.example.com"),
        ["no issuer"] = token => { token.Payload.Remove("iss"); token.Header.Remove("iss"); },
        ["issuer with a slash more"] = token => SetIssuer(token, (token.Payload["iss"] ?? token.Header["iss"])!.GetValue<string>() + "/"),
        ["signature cut"] = token => token.Change = text => text[..^5],
        ["no signature"] = token => token.Change = text => text[..(text.LastIndexOf('.') + 1)],
        ["padding more"] = token => token.Change = text => text + "=",
        ["a part more"] = token => token.Change = text => text + ".AAAA",
        ["payload changed"] = token => token.Change = text =>
        {
            token.Payload["sub"] = "mallory";
            token.Change = other => other;
            return $"{text.Split('.')[0]}.{token.Sign().Split('.')[1]}.{text.Split('.')[2]}";
        },
    };

    private static readonly Dictionary<string, (IdentityAssertionProfile Profile, Tamper Change)> RefusedOfOne = new()
    {
        ["Cloudflare, service token"] = (
            CloudflareAccess,
            token =>
            {
                token.Payload["sub"] = "";
                token.Payload["common_name"] = "e367826f93b8d71185e03fe518aff3b4.access";
                token.Payload.Remove("email");
            }
        ),
        ["Cloudflare, global session token"] = (CloudflareAccess, token => token.Payload["type"] = "org"),
        ["Cloudflare, no token type"] = (CloudflareAccess, token => token.Payload.Remove("type")),
        ["Cloudflare, another application"] = (CloudflareAccess, token => token.Payload["aud"] = new JsonArray("other")),
        ["Cloudflare, two applications"] = (
            CloudflareAccess, token => token.Payload["aud"] = new JsonArray(AssertionProfileHost.CloudflareAudience, "other")),
        ["Cloudflare, no audience"] = (CloudflareAccess, token => token.Payload.Remove("aud")),
        ["Cloudflare, ES256"] = (
            CloudflareAccess,
            token =>
            {
                (token.Header["alg"], token.Header["kid"]) = ("ES256", ProxyKeys.EcId);
                token.SignWithEc();
            }
        ),
        ["Cloudflare, PS256"] = (CloudflareAccess, token => token.Header["alg"] = "PS256"),
        ["Cloudflare, not valid yet"] = (CloudflareAccess, token => token.Payload["nbf"] = Now + 1000),
        ["Cloudflare, issued in the future"] = (CloudflareAccess, token => token.Payload["iat"] = Now + 1000),
        ["Cloudflare, not issued"] = (CloudflareAccess, token => token.Payload.Remove("iat")),
        ["Cloudflare, more than a day"] = (CloudflareAccess, token => token.Payload["exp"] = Now + (25 * 3600)),
        ["IAP, RS256"] = (
            GoogleIap,
            token =>
            {
                (token.Header["alg"], token.Header["kid"]) = ("RS256", ProxyKeys.RsaId);
                token.SignWithRsa();
            }
        ),
        ["IAP, another backend service"] = (
            GoogleIap, token => token.Payload["aud"] = "/projects/123456789/global/backendServices/1"),
        ["IAP, no audience"] = (GoogleIap, token => token.Payload.Remove("aud")),
        ["IAP, not issued"] = (GoogleIap, token => token.Payload.Remove("iat")),
        ["IAP, twelve minutes"] = (GoogleIap, token => token.Payload["exp"] = Now + 720),
        ["IAP, not valid yet"] = (GoogleIap, token => token.Payload["nbf"] = Now + 1000),
        ["ALB, another load balancer of the account"] = (
            AwsApplicationLoadBalancer, token => token.Header["signer"] = AssertionProfileHost.Signer[..^1] + "9"),
        ["ALB, load balancer of another account"] = (
            AwsApplicationLoadBalancer,
            token => token.Header["signer"] = AssertionProfileHost.Signer
                .Replace("123456789012", "210987654321", StringComparison.Ordinal)),
        ["ALB, no signer"] = (AwsApplicationLoadBalancer, token => token.Header.Remove("signer")),
        ["ALB, signers"] = (AwsApplicationLoadBalancer, token => token.Header["signer"] = new JsonArray(AssertionProfileHost.Signer)),
        ["ALB, signer in the payload"] = (
            AwsApplicationLoadBalancer,
            token =>
            {
                token.Header.Remove("signer");
                token.Payload["signer"] = AssertionProfileHost.Signer;
            }
        ),
        ["ALB, issuer in the payload alone"] = (AwsApplicationLoadBalancer, token => token.Header.Remove("iss")),
        ["ALB, another issuer in the payload"] = (AwsApplicationLoadBalancer, token => token.Payload["iss"] = "https://evil.example.com"),
        ["ALB, expiry in the payload alone"] = (AwsApplicationLoadBalancer, token => token.Header.Remove("exp")),
        ["ALB, expired claims"] = (AwsApplicationLoadBalancer, token => token.Payload["exp"] = Now - 31),
        ["ALB, expiry with a fraction"] = (AwsApplicationLoadBalancer, token => token.Header["exp"] = Now + 60.5),
        ["ALB, no padding"] = (AwsApplicationLoadBalancer, token => token.IsPadded = false),
        ["ALB, no padding behind the signature"] = (AwsApplicationLoadBalancer, token => token.Change = text => text.TrimEnd('=')),
        ["ALB, padding of a whole group"] = (AwsApplicationLoadBalancer, token => token.Change = text => text + "===="),
        ["ALB, padding in front"] = (AwsApplicationLoadBalancer, token => token.Change = text => "====" + text),
        ["ALB, padding within"] = (AwsApplicationLoadBalancer, token => token.Change = text => text.Insert(4, "==")),
        ["ALB, bits left over"] = (
            AwsApplicationLoadBalancer, token => token.Change = text => $"{text.TrimEnd('=')[..^1]}{Next(text.TrimEnd('=')[^1])}=="),
        ["ALB, alphabet of Base64"] = (
            AwsApplicationLoadBalancer, token => token.Change = text => text.Replace('-', '+').Replace('_', '/') + "+/=="),
        ["ALB, white space"] = (AwsApplicationLoadBalancer, token => token.Change = text => text.Insert(8, " ")),
        ["ALB, signature in DER"] = (AwsApplicationLoadBalancer, token => token.SignInDer()),
        ["ALB, subject twice"] = (AwsApplicationLoadBalancer, token => token.RawPayload = """{"sub":"1","sub":"2"}"""),
        ["ALB, claims that are a list"] = (AwsApplicationLoadBalancer, token => token.RawPayload = "[]"),
        ["ALB, claims that are no JSON"] = (AwsApplicationLoadBalancer, token => token.RawPayload = "alice"),
        ["ALB, longer than MaxTokenLength"] = (AwsApplicationLoadBalancer, token => token.Payload["x"] = new string('x', 16_000)),
        ["Pomerium, another route"] = (Pomerium, token => token.Payload["aud"] = "other.example.com"),
        ["Pomerium, issuer as URI"] = (Pomerium, token => token.Payload["iss"] = $"https://{AssertionProfileHost.PomeriumHost}/"),
        ["Pomerium, two routes"] = (
            Pomerium, token => token.Payload["aud"] = new JsonArray(AssertionProfileHost.PomeriumHost, "other.example.com")),
        ["Pomerium, RS256"] = (
            Pomerium,
            token =>
            {
                (token.Header["alg"], token.Header["kid"]) = ("RS256", ProxyKeys.RsaId);
                token.SignWithRsa();
            }
        ),
    };

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public static TheoryData<string> AcceptedNames => [.. Accepted.Keys];

    public static TheoryData<string> RefusedOfOneNames => [.. RefusedOfOne.Keys];

    public static TheoryData<IdentityAssertionProfile, string> RefusedOfAllNames
    {
        get
        {
            TheoryData<IdentityAssertionProfile, string> cases = [];
            foreach (IdentityAssertionProfile profile in AssertionProfileHost.All)
            {
                foreach (string name in RefusedOfAll.Keys)
                {
                    cases.Add(profile, name);
                }
            }

            return cases;
        }
    }

    public static TheoryData<IdentityAssertionProfile> Profiles => [.. AssertionProfileHost.All];

    [Theory]
    [MemberData(nameof(AcceptedNames))]
    public async Task Documented_assertion_becomes_the_user(string name)
    {
        (IdentityAssertionProfile profile, Tamper change, string[] claims) = Accepted[name];
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, profile);
        var token = new ProxyToken(keys, profile);
        change(token);

        RawResponse response = await host.GetAsync("/closed", AssertionProfileHost.Line(profile, token.Sign()));

        Assert.True(response.Status == 200, string.Join('\n', host.Logs.GetSnapshot().Select(log => log.Message)));
        Assert.Empty(claims.Except(response.User.Claims.Select(claim => $"{claim.Type}={claim.Value}")));
        Assert.Single(response.User.Values("sub"));
        Assert.Equal(["accepted"], host.Outcomes);
    }

    [Theory]
    [MemberData(nameof(RefusedOfAllNames))]
    public async Task Tampered_assertion_of_any_proxy_is_refused(IdentityAssertionProfile profile, string name) =>
        await AssertRefusedAsync(profile, RefusedOfAll[name]);

    [Theory]
    [MemberData(nameof(RefusedOfOneNames))]
    public async Task Assertion_that_its_proxy_does_not_document_is_refused(string name) =>
        await AssertRefusedAsync(RefusedOfOne[name].Profile, RefusedOfOne[name].Change);

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task Request_without_the_assertion_is_anonymous(IdentityAssertionProfile profile)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, profile);
        string token = new ProxyToken(keys, profile).Sign();

        RawResponse open = await host.GetAsync("/open", $"X-User-Assertion: {token}", "X-User-Sub: mallory");
        RawResponse closed = await host.GetAsync("/closed");

        Assert.False(open.User.IsAuthenticated);
        Assert.Equal(401, closed.Status);
        Assert.Empty(keys.Fetched);
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task Assertion_under_an_alias_or_twice_is_refused(IdentityAssertionProfile profile)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, profile);
        string line = AssertionProfileHost.Line(profile, new ProxyToken(keys, profile).Sign());
        string alias = AssertionProfileHost.HeaderOf(profile).Replace('-', '_') + line[line.IndexOf(':', StringComparison.Ordinal)..];

        Assert.Equal(401, (await host.GetAsync("/open", alias)).Status);
        Assert.Equal(401, (await host.GetAsync("/open", line, alias)).Status);
        Assert.Equal(401, (await host.GetAsync("/open", line, line)).Status);
        Assert.Equal(200, (await host.GetAsync("/open", line)).Status);
    }

    [Theory]
    [InlineData(CloudflareAccess, "alice@example.com")]
    [InlineData(GoogleIap, "alice@example.com")]
    [InlineData(AwsApplicationLoadBalancer, "José Álvarez")]
    [InlineData(Pomerium, "Älice")]
    public async Task Name_is_what_the_proxy_sends_of_it(IdentityAssertionProfile profile, string name)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, profile);

        RawResponse response = await host.GetAsync("/open", AssertionProfileHost.Line(profile, new ProxyToken(keys, profile).Sign()));

        Assert.Equal(name, response.User.Name);
    }

    [Fact]
    public async Task Groups_of_Pomerium_are_roles()
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, Pomerium);
        var other = new ProxyToken(keys, Pomerium);
        other.Payload["groups"] = new JsonArray("dev,admin");

        RawResponse admin = await host.GetAsync("/admin", AssertionProfileHost.Line(Pomerium, new ProxyToken(keys, Pomerium).Sign()));
        RawResponse none = await host.GetAsync("/admin", AssertionProfileHost.Line(Pomerium, other.Sign()));

        Assert.Equal((200, 403), (admin.Status, none.Status));
    }

    [Fact]
    public async Task Pomerium_may_name_itself_by_URI_where_that_is_set()
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        const string issuer = $"https://{AssertionProfileHost.PomeriumHost}/";
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, Pomerium, options => options.Issuer = issuer);
        var uri = new ProxyToken(keys, Pomerium);
        uri.Payload["iss"] = issuer;

        Assert.Equal(200, (await host.GetAsync("/open", AssertionProfileHost.Line(Pomerium, uri.Sign()))).Status);
        Assert.Equal(
            401, (await host.GetAsync("/open", AssertionProfileHost.Line(Pomerium, new ProxyToken(keys, Pomerium).Sign()))).Status);
    }

    [Fact]
    public async Task Pomeriums_blank_claim_header_agrees_with_a_missing_value()
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, Pomerium);
        var nameless = new ProxyToken(keys, Pomerium);
        nameless.Payload["name"] = "";
        string assertion = AssertionProfileHost.Line(Pomerium, nameless.Sign());

        Assert.Equal(200, (await host.GetAsync("/open", assertion, "X-Pomerium-Claim-Name:")).Status);
        Assert.Equal(401, (await host.GetAsync("/open", assertion, "X-Pomerium-Claim-Email:")).Status);
    }

    [Theory]
    [InlineData("client-1", 200)]
    [InlineData("client-2", 401)]
    public async Task Client_of_the_load_balancer_is_checked_where_it_is_set(string client, int status)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(
            keys, AwsApplicationLoadBalancer, options => options.Audience = client);
        string token = new ProxyToken(keys, AwsApplicationLoadBalancer).Sign();

        Assert.Equal(status, (await host.GetAsync("/open", AssertionProfileHost.Line(AwsApplicationLoadBalancer, token))).Status);
    }

    [Theory]
    [InlineData(CloudflareAccess, "Cf-Access-Authenticated-User-Email: alice@example.com")]
    [InlineData(GoogleIap, "X-Goog-Authenticated-User-Email: accounts.google.com:alice@example.com")]
    [InlineData(GoogleIap, "X-Goog-Authenticated-User-Id: accounts.google.com:118133858486581853996")]
    [InlineData(AwsApplicationLoadBalancer, "X-Amzn-Oidc-Identity: 1234567890")]
    [InlineData(AwsApplicationLoadBalancer, "X-Amzn-Oidc-Accesstoken: opaque")]
    [InlineData(Pomerium, "X-Pomerium-Claim-Email: alice@example.com")]
    [InlineData(Pomerium, "X-Pomerium-Claim-Groups: admin,eng,ops")]
    public async Task Plain_header_beside_the_assertion_has_to_agree(IdentityAssertionProfile profile, string line)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, profile);
        string assertion = AssertionProfileHost.Line(profile, new ProxyToken(keys, profile).Sign());
        string name = line[..line.IndexOf(':', StringComparison.Ordinal)];

        RawResponse agreeing = await host.GetAsync("/names", assertion, line);
        RawResponse alone = await host.GetAsync("/names", line);
        RawResponse alias = await host.GetAsync("/names", line.Replace('-', '_'));
        RawResponse twice = await host.GetAsync("/names", assertion, line, line);
        RawResponse beside = await host.GetAsync("/names", assertion, name.Replace('-', '.') + ": mallory");
        RawResponse other = await host.GetAsync("/names", assertion, $"{name}: mallory");

        // An access token is none of the assertion's claims: there is nothing that it could contradict, and the application may need it.
        bool isToken = name.EndsWith("token", StringComparison.Ordinal);
        int disagreeing = isToken ? 200 : 401;
        Assert.EndsWith(isToken ? $"|{name}" : "|", Encoding.UTF8.GetString(agreeing.Body), StringComparison.Ordinal);
        Assert.True(agreeing.Body.Length > 1);
        Assert.Equal(("|", "|"), (Encoding.UTF8.GetString(alone.Body), Encoding.UTF8.GetString(alias.Body)));
        Assert.Equal((401, 401, disagreeing), (twice.Status, beside.Status, other.Status));
    }

    [Fact]
    public async Task Access_token_beside_a_refused_assertion_leaves_the_request()
    {
        string[] left = ["not seen"];
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(
            keys,
            AwsApplicationLoadBalancer,
            before: app => app.Use(async (context, next) =>
            {
                await next(context);
                left = [.. context.Request.Headers.Keys.Where(name => name.StartsWith("x-amzn-", StringComparison.OrdinalIgnoreCase))];
            }));
        var token = new ProxyToken(keys, AwsApplicationLoadBalancer);
        token.SignWithAnotherKey();

        RawResponse response = await host.GetAsync(
            "/names", AssertionProfileHost.Line(AwsApplicationLoadBalancer, token.Sign()), "X-Amzn-Oidc-Accesstoken: opaque");

        Assert.Equal(401, response.Status);
        Assert.Empty(left);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stripping_removes_the_plain_headers_and_leaves_the_assertion(bool stripsFirst)
    {
        string? atFirst = null;
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(
            keys,
            CloudflareAccess,
            services: services => services.AddHttpClient("backend").AddClaimInjection(options => options.AllowAnyOrigin = true),
            before: app =>
            {
                if (stripsFirst)
                {
                    app.UseIdentityHeaderStripping();
                }

                app.Use((context, next) =>
                {
                    atFirst = context.Request.Headers["Cf_Access.Authenticated-User-Email"].ToString();
                    return next(context);
                });
            });
        string assertion = AssertionProfileHost.Line(CloudflareAccess, new ProxyToken(keys, CloudflareAccess).Sign());

        RawResponse response = await host.GetAsync("/names", assertion, "Cf_Access.Authenticated-User-Email: mallory");

        Assert.Equal((stripsFirst ? 200 : 401, stripsFirst ? "" : "mallory"), (response.Status, atFirst));
    }

    private static async Task AssertRefusedAsync(IdentityAssertionProfile profile, Tamper tamper)
    {
        await using ProxyKeys keys = await ProxyKeys.StartAsync();
        await using ReceivingHost host = await AssertionProfileHost.StartAsync(keys, profile);
        var token = new ProxyToken(keys, profile);
        tamper(token);
        string line = AssertionProfileHost.Line(profile, token.Sign());

        RawResponse refused = await host.GetAsync("/open", line);
        RawResponse good = await host.GetAsync("/open", AssertionProfileHost.Line(profile, new ProxyToken(keys, profile).Sign()));

        Assert.Equal((401, 200), (refused.Status, good.Status));
        Assert.Empty(refused.Body);
        Assert.Equal(["malformed", "accepted"], host.Outcomes);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), log => log.Message.Contains("example.com", StringComparison.Ordinal));
    }

    private static void SetExpiry(ProxyToken token, long time)
    {
        token.Payload["exp"] = time;
        if (token.Header.ContainsKey("exp"))
        {
            token.Header["exp"] = time;
        }
    }

    private static void SetIssuer(ProxyToken token, string issuer)
    {
        token.Payload["iss"] = issuer;
        if (token.Header.ContainsKey("iss"))
        {
            token.Header["iss"] = issuer;
        }
    }

    /// <summary>Gives the next character of Base64url's alphabet: the same byte in front, and a bit that stands for nothing.</summary>
    private static char Next(char c) => c switch
    {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        _ => 'x',
    };
}
