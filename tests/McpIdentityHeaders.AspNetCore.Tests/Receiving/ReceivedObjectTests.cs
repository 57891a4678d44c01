using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>An object of several claims becomes the user in its canonical form, and in no other.</summary>
public sealed class ReceivedObjectTests
{
    private const string Header = "X-User";

    private static readonly Dictionary<string, string> RefusedJson = new()
    {
        ["unknown property"] = """{"sub":"alice","admin":"true"}""",
        ["another order"] = """{"name":"Alice","sub":"alice"}""",
        ["property twice"] = """{"sub":"alice","sub":"bob"}""",
        ["array of one"] = """{"sub":"alice","groups":["a"]}""",
        ["array of none"] = """{"sub":"alice","groups":[]}""",
        ["subjects"] = """{"sub":["alice","bob"]}""",
        ["no subject"] = """{"name":"Alice"}""",
        ["blank value"] = """{"sub":"alice","name":" "}""",
        ["blank item"] = """{"sub":"alice","groups":["a",""]}""",
        ["null"] = """{"sub":"alice","name":null}""",
        ["number"] = """{"sub":1}""",
        ["object within"] = """{"sub":{"a":"b"}}""",
        ["number in a list"] = """{"sub":"alice","groups":["a",1]}""",
        ["white space"] = """{"sub": "alice"}""",
        ["escape of plain text"] = """{"sub":"\u0061lice"}""",
        ["small hexadecimal digits"] = """{"sub":"\u00e9"}""",
        ["sign that is escaped by the sender"] = """{"sub":"<b>"}""",
        ["half of a surrogate pair"] = """{"sub":"\uD800"}""",
        ["list"] = """["alice"]""",
        ["text"] = "\"alice\"",
        ["no JSON"] = "alice",
        ["empty object"] = "{}",
        ["cut"] = """{"sub":"alice" """.TrimEnd(),
        ["something behind"] = """{"sub":"alice"}x""",
        ["comment"] = """{"sub":"alice"/**/}""",
        ["comma more"] = """{"sub":"alice",}""",
        ["name in capitals"] = """{"SUB":"alice"}""",
    };

    private static readonly Dictionary<string, string> RefusedPrincipals = new()
    {
        ["another order"] = """{"claims":[{"typ":"sub","val":"a"}],"auth_typ":"aad","name_typ":"name","role_typ":"groups"}""",
        ["claims in another order"] = Principal("""{"typ":"groups","val":"a"},{"typ":"sub","val":"a"}"""),
        ["claims apart"] = Principal(
            """{"typ":"sub","val":"a"},{"typ":"groups","val":"a"},{"typ":"name","val":"n"},{"typ":"groups","val":"b"}"""),
        ["unknown claim"] = Principal("""{"typ":"sub","val":"a"},{"typ":"admin","val":"true"}"""),
        ["subjects"] = Principal("""{"typ":"sub","val":"a"},{"typ":"sub","val":"b"}"""),
        ["no subject"] = Principal("""{"typ":"name","val":"a"}"""),
        ["no claims"] = Principal(""),
        ["blank value"] = Principal("""{"typ":"sub","val":" "}"""),
        ["no value"] = Principal("""{"typ":"sub"}"""),
        ["null"] = Principal("""{"typ":"sub","val":null}"""),
        ["something more in a claim"] = Principal("""{"typ":"sub","val":"a","x":"y"}"""),
        ["no way of signing in"] = """{"claims":[{"typ":"sub","val":"a"}],"name_typ":"name","role_typ":"groups"}""",
        ["list"] = "[]",
    };

    public static TheoryData<string> RefusedJsonNames => [.. RefusedJson.Keys];

    public static TheoryData<string> RefusedPrincipalNames => [.. RefusedPrincipals.Keys];

    [Theory]
    [MemberData(nameof(RefusedJsonNames))]
    public async Task Object_of_another_form_is_refused(string name)
    {
        await using ReceivingHost plain = await StartAsync(ClaimValueFormat.JsonObject);
        await using ReceivingHost base64 = await StartAsync(ClaimValueFormat.Base64JsonObject);

        await plain.AssertMalformedAsync(http2: false, $"{Header}: {RefusedJson[name]}");
        await base64.AssertMalformedAsync(http2: false, $"{Header}: {ToBase64(RefusedJson[name])}");
    }

    [Theory]
    [MemberData(nameof(RefusedPrincipalNames))]
    public async Task Client_principal_of_another_form_is_refused(string name)
    {
        await using ReceivingHost host = await StartAsync(ClaimValueFormat.ClientPrincipal);

        await host.AssertMalformedAsync(http2: false, $"{Header}: {ToBase64(RefusedPrincipals[name])}");
    }

    [Theory]
    [InlineData("eyJzdWIiOiJhIn0")]
    [InlineData("eyJzdWIiOiJhIn0==")]
    [InlineData("eyJzdWIi OiJhIn0=")]
    [InlineData("eyJzdWIiOiJhIn1=")]
    [InlineData("""{"sub":"a"}""")]
    public async Task Base64_of_another_form_is_refused(string value)
    {
        await using ReceivingHost host = await StartAsync(ClaimValueFormat.Base64JsonObject);

        Assert.Equal("a", Assert.Single((await host.GetAsync("/open", $"{Header}: eyJzdWIiOiJhIn0=")).User.Claims).Value);
        Assert.Equal(400, (await host.GetAsync("/open", $"{Header}: {value}")).Status);
    }

    [Fact]
    public async Task Issuer_in_the_object_is_that_of_the_claims()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(
            options => SetMap(options.Headers, ClaimValueFormat.JsonObject, "sub", "iss"));

        RawResponse one = await host.GetAsync("/open", $$"""{{Header}}: {"sub":"alice","iss":"one"}""");
        RawResponse several = await host.GetAsync("/open", $$"""{{Header}}: {"sub":"alice","iss":["one","two"]}""");

        Assert.All(one.User.Claims, claim => Assert.Equal("one", claim.Issuer));
        Assert.Equal(400, several.Status);
    }

    [Fact]
    public async Task Client_principal_says_which_claims_are_name_and_roles()
    {
        await using ReceivingHost host = await StartAsync(ClaimValueFormat.ClientPrincipal);
        string principal = ToBase64(Principal("""{"typ":"sub","val":"a"},{"typ":"name","val":"Alice"},{"typ":"groups","val":"admin"}"""));

        RawResponse response = await host.GetAsync("/admin", $"{Header}: {principal}");

        Assert.Equal("Alice", response.User.Name);
    }

    [Fact]
    public async Task Two_headers_with_the_subject_are_refused_at_start_up()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartTrustingAsync(
            options => options.Headers.Add(new ClaimHeader(Header, "sub", "email") { Format = ClaimValueFormat.JsonObject })));

        Assert.Contains("2 of Headers become the subject", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ClaimValueFormat.JsonObject, false)]
    [InlineData(ClaimValueFormat.JsonObject, true)]
    [InlineData(ClaimValueFormat.Base64JsonObject, false)]
    [InlineData(ClaimValueFormat.ClientPrincipal, true)]
    public async Task Object_arrives_as_it_was(ClaimValueFormat format, bool http2)
    {
        await using ReceivingServer server = await ReceivingServer.StartAsync(
            options =>
            {
                ReceivingServer.TrustLoopback(options);
                SetMap(options.Headers, format);
            },
            http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        using HttpClient client = NewClient(server.Uri, headers => SetMap(headers, format), out ServiceProvider services);
        await using ServiceProvider disposed = services;

        await Gen.Select(ValueGenerators.Text, ValueGenerators.Text.Array[0, 1], ValueGenerators.Text.Array[0, 5]).SampleAsync(
            async sample =>
            {
                (string subject, string[] names, string[] groups) = sample;
                (string Type, string Value)[] claims =
                    [("sub", subject), .. names.Select(name => ("name", name)), .. groups.Select(group => ("groups", group))];
                using var request = new HttpRequestMessage(HttpMethod.Get, server.Uri)
                {
                    Version = http2 ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                };
                request.SetUser(Users.With(claims));
                using HttpResponseMessage response = await client.SendAsync(request);

                ReceivedUser user = await ReceivingServer.UserOfAsync(response);
                Assert.Equal(claims, user.Claims.Select(claim => (claim.Type, claim.Value)));
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public async Task Backend_written_for_App_Service_reads_the_same_user()
    {
        await using ReceivingServer server = await ReceivingServer.StartAsync(options =>
        {
            ReceivingServer.TrustLoopback(options);
            options.Profile = IdentityHeadersProfile.AzureAppService;
        });
        using HttpClient client = NewClient(
            server.Uri,
            headers =>
            {
                headers.Clear();
                headers.Add("X-MS-CLIENT-PRINCIPAL-ID", "oid");
                headers.Add("X-MS-CLIENT-PRINCIPAL-NAME", "preferred_username");
                headers.Add("X-MS-CLIENT-PRINCIPAL-IDP", "idp");
                headers.Add(new ClaimHeader("X-MS-CLIENT-PRINCIPAL", "name", "preferred_username", "roles")
                {
                    Format = ClaimValueFormat.ClientPrincipal,
                });
            },
            out ServiceProvider services);
        await using ServiceProvider disposed = services;
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Uri);
        request.SetUser(new ClaimsPrincipal(new ClaimsIdentity(
            [
                new("sub", "pairwise"), new("oid", "9f8e7d6c"), new("name", "José 山田"), new("preferred_username", "jose@example.com"),
                new("roles", "admin"), new("roles", "a,b"), new("idp", "aad"),
            ],
            "aad",
            "name",
            "roles")));

        using HttpResponseMessage response = await client.SendAsync(request);

        ReceivedUser user = await ReceivingServer.UserOfAsync(response);
        Assert.Equal("José 山田", user.Name);
        Assert.Equal(
            ["sub=9f8e7d6c", "name=José 山田", "preferred_username=jose@example.com", "roles=admin", "roles=a,b", "idp=aad"],
            user.Claims.Select(claim => $"{claim.Type}={claim.Value}"));
    }

    private static Task<ReceivingHost> StartAsync(ClaimValueFormat format) =>
        ReceivingHost.StartTrustingAsync(options => SetMap(options.Headers, format));

    private static void SetMap(ClaimHeaderCollection headers, ClaimValueFormat format, params string[] claimTypes)
    {
        headers.Clear();
        headers.Add(new ClaimHeader(Header, claimTypes is [] ? ["sub", "name", "groups"] : claimTypes) { Format = format });
    }

    private static HttpClient NewClient(Uri address, Action<ClaimHeaderCollection> setHeaders, out ServiceProvider provider)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("sender", address).AddClaimInjection(options => setHeaders(options.Headers));
        provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IHttpClientFactory>().CreateClient("sender");
    }

    private static string Principal(string claims) =>
        $$"""{"auth_typ":"aad","claims":[{{claims}}],"name_typ":"name","role_typ":"groups"}""";

    private static string ToBase64(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json));
}
