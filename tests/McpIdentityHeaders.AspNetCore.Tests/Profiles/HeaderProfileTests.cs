using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static McpIdentityHeaders.AspNetCore.IdentityHeadersProfile;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>What each proxy documents that it sends becomes the user, and nothing else does.</summary>
public sealed class HeaderProfileTests
{
    private const string HashedId = "900347b8a29876b45ca6f75722635ecfedf0e931c6022e3a29a8aa13fb5516fb";
    private const string Oid = "X-MS-CLIENT-PRINCIPAL-ID: 9f8e7d6c";

    private static readonly Dictionary<string, ProfileCase> Accepted = new()
    {
        ["oauth2-proxy"] = new(
            OAuth2Proxy,
            [
                "X-Forwarded-User: 1234", "X-Forwarded-Email: jose@example.com", "X-Forwarded-Preferred-Username: José",
                "X-Forwarded-Groups: admin,dev",
            ],
            ["sub=1234", "email=jose@example.com", "preferred_username=José", "groups=admin", "groups=dev"]),
        ["oauth2-proxy, user alone, in small letters"] = new(OAuth2Proxy, ["x-forwarded-user: 1234"], ["sub=1234"]),
        ["oauth2-proxy, group with the separator is two"] = new(
            OAuth2Proxy, ["X-Forwarded-User: 1234", "X-Forwarded-Groups: eng,ops"], ["sub=1234", "groups=eng", "groups=ops"]),
        ["oauth2-proxy, percent and plus are text"] = new(
            OAuth2Proxy, ["X-Forwarded-User: a%20b+c", "X-Forwarded-Groups: a%2Cb"], ["sub=a%20b+c", "groups=a%2Cb"]),
        ["oauth2-proxy, group of Keycloak's"] = new(
            OAuth2Proxy,
            ["X-Forwarded-User: 1", "X-Forwarded-Groups: role:app:x,/team a"], ["sub=1", "groups=role:app:x", "groups=/team a"]),
        ["auth_request"] = new(
            OAuth2ProxyAuthRequest,
            [
                "X-Auth-Request-User: 1234", "X-Auth-Request-Email: j@example.com", "X-Auth-Request-Preferred-Username: jose",
                "X-Auth-Request-Groups: dev",
            ],
            ["sub=1234", "email=j@example.com", "preferred_username=jose", "groups=dev"]),
        ["Authelia"] = new(
            Authelia,
            ["Remote-User: john", "Remote-Groups: admin,dev", "Remote-Name: John Smith", "Remote-Email: jsmith@example.com"],
            ["sub=john", "name=John Smith", "email=jsmith@example.com", "groups=admin", "groups=dev"]),
        ["Authelia, José"] = new(Authelia, ["Remote-User: josé", "Remote-Name: José 山田"], ["sub=josé", "name=José 山田"]),
        ["Authelia, blank but for the user"] = new(
            Authelia, ["Remote-User: john", "Remote-Groups:", "Remote-Name: ", "Remote-Email:  "], ["sub=john"]),
        ["authentik"] = new(
            Authentik,
            [
                "X-authentik-username: akadmin", "X-authentik-groups: foo|bar|baz", "X-authentik-entitlements: read|write",
                "X-authentik-email: root@localhost", "X-authentik-name: authentik Default Admin", $"X-authentik-uid: {HashedId}",
            ],
            [
                $"sub={HashedId}", "preferred_username=akadmin", "name=authentik Default Admin",
                "email=root@localhost", "groups=foo", "groups=bar", "groups=baz", "entitlements=read", "entitlements=write",
            ]),
        ["authentik, group with a comma"] = new(
            Authentik, ["X-authentik-uid: 1", "X-authentik-groups: eng,ops|dev"], ["sub=1", "groups=eng,ops", "groups=dev"]),
        ["authentik, blank but for the id"] = new(
            Authentik,
            ["X-authentik-uid: 1", "X-authentik-username: ", "X-authentik-groups:", "X-authentik-email:", "X-authentik-name:"],
            ["sub=1"]),
        ["Tailscale"] = new(
            Tailscale,
            [
                "Tailscale-User-Login: alice@example.com", "Tailscale-User-Name: Alice Architect",
                "Tailscale-User-Profile-Pic: https://example.com/photo.jpg",
            ],
            ["sub=alice@example.com", "name=Alice Architect", "picture=https://example.com/photo.jpg"]),
        ["Tailscale, José"] = new(
            Tailscale,
            ["Tailscale-User-Login: j@example.com", "Tailscale-User-Name: =?utf-8?q?Jos=C3=A9_=C3=81lvarez?="],
            ["sub=j@example.com", "name=José Álvarez"]),
        ["Tailscale, marks within"] = new(
            Tailscale, ["Tailscale-User-Login: =?utf-8?q?a=3Db=3Fc=5Fd_=C3=A9?="], ["sub=a=b?c_d é"]),
        ["Tailscale, two words"] = new(
            Tailscale,
            [
                "Tailscale-User-Login: j",
                "Tailscale-User-Name: =?utf-8?q?=E5=B1=B1=E7=94=B0=E5=A4=AA=E9=83=8E=E5=B1=B1=E7=94=B0=E5=A4=AA?= =?utf-8?q?=E9=83=8E?=",
            ],
            ["sub=j", "name=山田太郎山田太郎"]),
        ["Tailscale, no picture"] = new(
            Tailscale, ["Tailscale-User-Login: j", "Tailscale-User-Name:", "Tailscale-User-Profile-Pic:"], ["sub=j"]),
        ["App Service"] = new(
            AzureAppService,
            [
                Oid, "X-MS-CLIENT-PRINCIPAL-NAME: jose@example.com", "X-MS-CLIENT-PRINCIPAL-IDP: aad",
                Principal("""
                    {"auth_typ":"aad","claims":[{"typ":"name","val":"José"},{"typ":"roles","val":"admin"},{"typ":"roles","val":"a,b"}],
                     "name_typ":"name","role_typ":"roles"}
                    """),
            ],
            ["sub=9f8e7d6c", "name=José", "roles=admin", "roles=a,b", "preferred_username=jose@example.com", "idp=aad"]),
        ["App Service, the JSON's own names win over the headers beside it"] = new(
            AzureAppService,
            [
                Oid, "X-MS-CLIENT-PRINCIPAL-NAME: other", "X-MS-CLIENT-PRINCIPAL-IDP: aad",
                Principal("""
                    {"auth_typ":"aad","name_typ":null,
                     "claims":[{"typ":"sub","val":"pairwise"},{"typ":"preferred_username","val":"jose"},{"typ":"idp","val":"live.com"}]}
                    """),
            ],
            ["sub=9f8e7d6c", "preferred_username=jose", "idp=live.com"]),
        ["App Service, id alone"] = new(AzureAppService, [Oid, "X-MS-CLIENT-PRINCIPAL-IDP: google"], ["sub=9f8e7d6c", "idp=google"]),
        ["App Service, claims without a value"] = new(
            AzureAppService,
            [Oid, Principal("""{"auth_typ":"aad","claims":[{"typ":"a","val":""},{"typ":"b"},{"typ":"c","val":null}]}""")],
            ["sub=9f8e7d6c"]),
    };

    private static readonly Dictionary<string, ProfileCase> Refused = new()
    {
        ["oauth2-proxy, no user"] = new(OAuth2Proxy, ["X-Forwarded-Groups: admin"], null),
        ["oauth2-proxy, blank user"] = new(OAuth2Proxy, ["X-Forwarded-User:", "X-Forwarded-Email: a@b.example"], null),
        ["oauth2-proxy, blank groups, which it leaves out"] = new(OAuth2Proxy, ["X-Forwarded-User: 1", "X-Forwarded-Groups: "], null),
        ["oauth2-proxy, user twice"] = new(OAuth2Proxy, ["X-Forwarded-User: 1", "X-Forwarded-User: 2"], null),
        ["oauth2-proxy, groups twice"] = new(
            OAuth2Proxy, ["X-Forwarded-User: 1", "X-Forwarded-Groups: a", "X-Forwarded-Groups: admin"], null),
        ["oauth2-proxy, alias"] = new(OAuth2Proxy, ["X-Forwarded-User: 1", "X_Forwarded_Groups: admin"], null),
        ["oauth2-proxy, empty group"] = new(OAuth2Proxy, ["X-Forwarded-User: 1", "X-Forwarded-Groups: a,,b"], null),
        ["oauth2-proxy, group with an outer space"] = new(OAuth2Proxy, ["X-Forwarded-User: 1", "X-Forwarded-Groups: a, admin"], null),
        ["oauth2-proxy, control character"] = new(OAuth2Proxy, ["X-Forwarded-User: 1\u0007"], null),
        ["oauth2-proxy, separator alone"] = new(OAuth2Proxy, ["X-Forwarded-User: 1", "X-Forwarded-Groups: ,"], null),
        ["auth_request, alias with dots"] = new(OAuth2ProxyAuthRequest, ["X-Auth-Request-User: 1", "X.Auth.Request.User: 2"], null),
        ["Authelia, blank user"] = new(Authelia, ["Remote-User: ", "Remote-Groups: admin"], null),
        ["Authelia, alias"] = new(Authelia, ["Remote_User: john"], null),
        ["Authelia, alias beside the real one"] = new(Authelia, ["Remote-User: john", "Remote.Groups: admin"], null),
        ["Authelia, name twice, once blank"] = new(Authelia, ["Remote-User: john", "Remote-Name:", "Remote-Name: John"], null),
        ["authentik, no id"] = new(Authentik, ["X-authentik-username: akadmin", "X-authentik-groups: authentik Admins"], null),
        ["authentik, blank id"] = new(Authentik, ["X-authentik-username: akadmin", "X-authentik-uid:"], null),
        ["authentik, empty group"] = new(Authentik, ["X-authentik-uid: 1", "X-authentik-groups: |foo"], null),
        ["authentik, alias"] = new(Authentik, ["X-authentik-uid: 1", "X_authentik_groups: authentik Admins"], null),
        ["Tailscale, raw UTF-8"] = new(Tailscale, ["Tailscale-User-Login: j", "Tailscale-User-Name: José"], null),
        ["Tailscale, blank login"] = new(Tailscale, ["Tailscale-User-Login:", "Tailscale-User-Name: José"], null),
        ["Tailscale, ASCII that needs no word"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?alice?="], null),
        ["Tailscale, small hex"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?Jos=c3=a9?="], null),
        ["Tailscale, escaped letter"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?=4Aos=C3=A9?="], null),
        ["Tailscale, split too early"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?Jos?= =?utf-8?q?=C3=A9?="], null),
        ["Tailscale, character cut in two"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?Jos=C3?= =?utf-8?q?=A9?="], null),
        ["Tailscale, not UTF-8"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?Jos=E9?="], null),
        ["Tailscale, text behind the word"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?Jos=C3=A9?= x?="], null),
        ["Tailscale, cut escape"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?Jos=C3=A?="], null),
        ["Tailscale, sign in an escape"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?Jos=C3=+9?="], null),
        ["Tailscale, start and end in one"] = new(Tailscale, ["Tailscale-User-Login: =?utf-8?q?="], null),
        ["Tailscale, alias"] = new(Tailscale, ["Tailscale-User-Login: j", "Tailscale_User_Name: x"], null),
        ["App Service, no id"] = new(AzureAppService, [Principal("""{"auth_typ":"aad","claims":[{"typ":"sub","val":"1"}]}""")], null),
        ["App Service, no Base64"] = new(AzureAppService, [Oid, "X-MS-CLIENT-PRINCIPAL: {}"], null),
        ["App Service, Base64 without padding"] = new(
            AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":[ ]}""").TrimEnd('=')], null),
        ["App Service, bits left over"] = new(AzureAppService, [Oid, "X-MS-CLIENT-PRINCIPAL: e31="], null),
        ["App Service, space within Base64"] = new(
            AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":[]}""").Insert(30, " ")], null),
        ["App Service, a list"] = new(AzureAppService, [Oid, Principal("[]")], null),
        ["App Service, no claims"] = new(AzureAppService, [Oid, Principal("""{"auth_typ":"aad"}""")], null),
        ["App Service, no identity provider"] = new(AzureAppService, [Oid, Principal("""{"claims":[]}""")], null),
        ["App Service, claims twice"] = new(
            AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":[],"claims":[{"typ":"roles","val":"admin"}]}""")], null),
        ["App Service, claim without a type"] = new(
            AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":[{"val":"admin"}]}""")], null),
        ["App Service, claim of a number"] = new(
            AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":[{"typ":"roles","val":1}]}""")], null),
        ["App Service, claim that is text"] = new(AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":["admin"]}""")], null),
        ["App Service, half a surrogate pair"] = new(
            AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":[{"typ":"roles","val":"\ud800"}]}""")], null),
        ["App Service, name type of a number"] = new(
            AzureAppService, [Oid, Principal("""{"auth_typ":"aad","claims":[],"name_typ":1}""")], null),
        ["App Service, not UTF-8"] = new(
            AzureAppService, [Oid, $"X-MS-CLIENT-PRINCIPAL: {Convert.ToBase64String([(byte)'{', 0xFF, (byte)'}'])}"], null),
        ["App Service, id twice"] = new(AzureAppService, [Oid, Oid], null),
        ["App Service, alias"] = new(AzureAppService, [Oid, "X_MS_CLIENT_PRINCIPAL: e30="], null),
    };

    public static TheoryData<string> AcceptedNames => [.. Accepted.Keys];

    public static TheoryData<string> RefusedNames => [.. Refused.Keys];

    public static TheoryData<IdentityHeadersProfile, string> SubjectLines => new()
    {
        { OAuth2Proxy, "X-Forwarded-User: alice" },
        { OAuth2ProxyAuthRequest, "X-Auth-Request-User: alice" },
        { Authelia, "Remote-User: alice" },
        { Authentik, "X-authentik-uid: alice" },
        { Tailscale, "Tailscale-User-Login: alice" },
        { AzureAppService, "X-MS-CLIENT-PRINCIPAL-ID: alice" },
    };

    [Theory]
    [MemberData(nameof(AcceptedNames))]
    public async Task Documented_headers_become_the_user(string name)
    {
        ProfileCase sent = Accepted[name];
        await using ReceivingHost host = await StartAsync(sent.Profile);

        RawResponse response = await host.GetAsync("/open", sent.WireLines);

        Assert.Equal(sent.Claims!, response.User.Claims.Select(claim => $"{claim.Type}={claim.Value}"));
        Assert.Equal(["accepted"], host.Outcomes);
        Assert.Empty(host.Warnings);
    }

    [Theory]
    [MemberData(nameof(RefusedNames))]
    public async Task Anything_else_is_refused(string name)
    {
        await using ReceivingHost host = await StartAsync(Refused[name].Profile);

        await host.AssertMalformedAsync(http2: false, Refused[name].WireLines);
    }

    [Theory]
    [MemberData(nameof(SubjectLines))]
    public async Task Untrusted_peer_is_refused(IdentityHeadersProfile profile, string line)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(options =>
        {
            options.Profile = profile;
            options.TrustedPeers.Add("10.0.0.4");
        }));

        RawResponse response = await host.GetAsync("/open", line);
        RawResponse alias = await host.GetAsync("/open", line.Replace('-', '_'));

        Assert.Equal((401, 401), (response.Status, alias.Status));
        Assert.Equal(["untrusted_peer", "untrusted_peer"], host.Outcomes);
        Assert.Empty(host.Reached);
    }

    [Theory]
    [MemberData(nameof(SubjectLines))]
    public async Task Profile_alone_trusts_no_peer(IdentityHeadersProfile profile, string line)
    {
        Assert.NotEmpty(line);

        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(options => options.Profile = profile)));

        Assert.Contains("no peer is trusted", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(SubjectLines))]
    public async Task Request_without_the_profiles_headers_is_anonymous(IdentityHeadersProfile profile, string line)
    {
        Assert.NotEmpty(line);
        await using ReceivingHost host = await StartAsync(profile);

        RawResponse response = await host.GetAsync("/open", "X-User-Sub: mallory");

        Assert.False(response.User.IsAuthenticated);
        Assert.Empty(host.Outcomes);
    }

    [Theory]
    [MemberData(nameof(SubjectLines))]
    public async Task Identity_headers_leave_the_request_where_that_is_set(IdentityHeadersProfile profile, string line)
    {
        await using ReceivingHost kept = await StartAsync(profile);
        await using ReceivingHost removed = await StartAsync(profile, options => options.RemoveIdentityHeaders = true);
        string name = line.Split(':')[0];

        RawResponse before = await kept.GetAsync("/headers", line);
        RawResponse after = await removed.GetAsync("/headers", line);

        Assert.Equal(("alice " + name, "alice "), (Encoding.UTF8.GetString(before.Body), Encoding.UTF8.GetString(after.Body)));
    }

    [Theory]
    [InlineData(OAuth2Proxy, "X-Forwarded-User: 1", "X-Forwarded-Preferred-Username: alice", "X-Forwarded-Groups: admin")]
    [InlineData(Authelia, "Remote-User: 1", "Remote-Name: alice", "Remote-Groups: admin")]
    [InlineData(Authentik, "X-authentik-uid: 1", "X-authentik-name: alice", "X-authentik-groups: dev|admin")]
    public async Task Name_and_groups_are_what_the_framework_asks_for(
        IdentityHeadersProfile profile, string user, string name, string groups)
    {
        await using ReceivingHost host = await StartAsync(profile);

        RawResponse admin = await host.GetAsync("/admin", user, name, groups);
        RawResponse other = await host.GetAsync("/admin", user, name);

        Assert.Equal("alice", admin.User.Name);
        Assert.Equal(403, other.Status);
    }

    [Theory]
    [InlineData("name", "roles", null, "José", 200)]
    [InlineData("upn", "groups", null, "jose@example.com", 403)]
    [InlineData("absent", "roles", null, "jose", 200)]
    [InlineData("name", "groups", "roles", "José", 200)]
    public async Task App_Service_says_which_claims_are_name_and_roles(
        string nameType, string roleType, string? set, string name, int status)
    {
        await using ReceivingHost host = await StartAsync(AzureAppService, options =>
        {
            if (set is not null)
            {
                options.RoleClaimType = set;
            }
        });
        string[] lines = new ProfileCase(
            AzureAppService,
            [
                Oid, "X-MS-CLIENT-PRINCIPAL-NAME: jose",
                Principal($$"""
                    {"auth_typ":"aad","name_typ":"{{nameType}}","role_typ":"{{roleType}}",
                     "claims":[{"typ":"name","val":"José"},{"typ":"upn","val":"jose@example.com"},{"typ":"roles","val":"admin"}]}
                    """),
            ],
            null).WireLines;

        RawResponse open = await host.GetAsync("/open", lines);
        RawResponse admin = await host.GetAsync("/admin", lines);

        Assert.Equal((name, status), (open.User.Name, admin.Status));
    }

    [Fact]
    public async Task Equal_ids_of_two_identity_providers_have_two_issuers()
    {
        await using ReceivingHost host = await StartAsync(AzureAppService);

        RawResponse one = await host.GetAsync("/open", Oid, "X-MS-CLIENT-PRINCIPAL-IDP: aad");
        RawResponse other = await host.GetAsync("/open", Oid, "X-MS-CLIENT-PRINCIPAL-IDP: google");

        Assert.Equal(("aad", "google"), (one.User.Claims[0].Issuer, other.User.Claims[0].Issuer));
    }

    private static string Principal(string json) => $"X-MS-CLIENT-PRINCIPAL: {Convert.ToBase64String(Encoding.UTF8.GetBytes(json))}";

    private static Task<ReceivingHost> StartAsync(IdentityHeadersProfile profile, Action<IdentityHeadersOptions>? configure = null) =>
        ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                options.Profile = profile;
                options.TrustedPeers.Add("loopback");
                configure?.Invoke(options);
            }),
            map: app => app.MapGet("/headers", RespondAsync));

    private static Task RespondAsync(HttpContext context)
    {
        string[] names = [.. context.Request.Headers.Keys.Where(name => name is not ("Host" or "Connection" or "Cache-Control"))];
        byte[] body = Encoding.UTF8.GetBytes($"{context.User.FindFirst("sub")?.Value} {string.Join(' ', names)}");
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }
}
