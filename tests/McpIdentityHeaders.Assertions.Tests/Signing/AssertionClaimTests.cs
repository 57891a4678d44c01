using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Assertions.Tests.Signing;

/// <summary>Each claim of an assertion, and what would make it say something else than the headers.</summary>
public sealed class AssertionClaimTests
{
    private static readonly ClaimHeader Groups = new("X-User-Groups", "groups") { Format = ClaimValueFormat.JsonArray };

    [Theory]
    [InlineData(false, "aud email exp iat iss jti nbf sub")]
    [InlineData(true, "act aud content_digest email exp htm htu iat iss jti nbf sub")]
    public async Task Assertion_has_the_claims_of_the_map_and_its_own_alone(bool all, string expected)
    {
        await using AssertingClient client = AssertingClient.For(
            Users.With(
                ("sub", "alice"),
                ("email", "alice@example.com"),
                ("scope", "openid"),
                ("iss", "https://login.example.com"),
                ("exp", "4000000000")),
            options =>
            {
                options.BindRequest = all;
                options.Actor = all ? "gateway" : null;
            });

        await client.SendAsync();

        JsonElement payload = Payload(client.Token);
        Assert.Equal(expected, string.Join(' ', payload.EnumerateObject().Select(claim => claim.Name).Order(StringComparer.Ordinal)));
        Assert.Equal(
            (AssertingClient.Issuer, "https://notes.example.com", "alice"),
            (payload.GetProperty("iss").GetString(), payload.GetProperty("aud").GetString(), payload.GetProperty("sub").GetString()));
    }

    public static TheoryData<Claim[], string> Lists => new()
    {
        { [new("groups", "a")], """["a"]""" },
        { [new("groups", "a,b"), new("groups", "c")], """["a,b","c"]""" },
        { [new("groups", """["a","b",7]""", "JSON_ARRAY")], """["a","b","7"]""" },
        { [new("groups", """["a"]""", "JSON_ARRAY"), new("groups", "b")], """["a","b"]""" },
        { [new("groups", """["not","an","array"]""")], """["[\u0022not\u0022,\u0022an\u0022,\u0022array\u0022]"]""" },
    };

    [Theory]
    [MemberData(nameof(Lists), DisableDiscoveryEnumeration = true)]
    public async Task List_is_an_array_of_one_item_and_of_several(Claim[] groups, string expected)
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "alice"), .. groups], authenticationType: "test"));
        await using AssertingClient client = AssertingClient.For(user, injection: options => options.Headers.Add(Groups));

        await client.SendAsync();

        Assert.Equal(Strings(JsonElement.Parse(expected)), Strings(Payload(client.Token).GetProperty("groups")));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Signed_in_user_without_a_claim_of_the_map_still_has_an_assertion(bool replaceHeaders)
    {
        await using AssertingClient client = AssertingClient.For(
            Users.With(("sub", "alice")),
            options => options.ReplaceHeaders = replaceHeaders,
            injection =>
            {
                injection.Headers.Clear();
                injection.Headers.Add(Groups);
            });

        await client.SendAsync();

        Assert.Equal("alice", (await client.ReadAsync(client.Token)).Subject);
        Assert.Single(client.Backend.Only.Identity);
    }

    [Fact]
    public async Task Signed_in_user_without_any_claim_is_refused()
    {
        await using AssertingClient client = AssertingClient.For(Users.With());

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync());

        Assert.Equal(ClaimInjectionErrorReason.NoSubject, error.Reason);
        Assert.Empty(client.Backend.Requests);
    }

    [Theory]
    [InlineData("X-User-Exp", "exp")]
    [InlineData("X-User-Expiry", "exp")]
    [InlineData("X-User-Expiry", "EXP")]
    [InlineData("X-User-Audience", "aud")]
    [InlineData("X-User-Issued", "iat")]
    [InlineData("X-User-Start", "nbf")]
    [InlineData("X-User-Token", "jti")]
    [InlineData("X-User-Actor", "act")]
    [InlineData("X-User-Key", "cnf")]
    [InlineData("X-User-Method", "htm")]
    [InlineData("X-User-Uri", "htu")]
    [InlineData("X-User-Query", "query_digest")]
    [InlineData("X-User-Content", "content_digest")]
    [InlineData("X-User-Session", "mcp_session_id")]
    [InlineData("X-User-Iss", "iss")]
    [InlineData("X-Iss", "https://claims.example.com/issuer")]
    public async Task Header_of_a_claim_that_an_assertion_sets_itself_is_refused_at_startup(string header, string claim)
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, injection: options => options.Headers.Add(header, claim));

        string message = client.StartupError().Message;

        Assert.Contains($"the header '{header}' would become the claim", message, StringComparison.Ordinal);
        Assert.Contains("out of ClaimInjectionOptions.Headers", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Property_that_an_assertion_sets_itself_is_refused_at_startup()
    {
        await using AssertingClient client = AssertingClient.For(
            Users.Alice, injection: options => options.Headers.Add(new ClaimHeader("X-User-Until", "membership") { JsonPath = "exp" }));

        Assert.Contains("'X-User-Until' would become the claim 'exp'", client.StartupError().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Mail", "email", "'X-User-Email' and 'X-Mail'")]
    [InlineData("X-Mail", "Email", "'X-User-Email' and 'X-Mail'")]
    [InlineData("X-Issuer", "iss", "'X-User-Issuer' and 'X-Issuer'")]
    [InlineData("X-Idp", "issuer", "'X-User-Issuer' and 'X-Idp'")]
    public async Task Headers_of_one_claim_are_refused_at_startup(string header, string claim, string expected)
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, injection: options =>
        {
            options.Headers.Add("X-User-Issuer", "iss");
            options.Headers.Add(header, claim);
        });

        Assert.Contains($"the headers {expected} would become one claim", client.StartupError().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-User-Issuer", "issuer")]
    [InlineData("X-User-Idp", "idp")]
    [InlineData("Login-Provider", "login_provider")]
    public async Task Users_own_issuer_is_a_claim_named_by_its_header(string header, string expected)
    {
        await using AssertingClient client = AssertingClient.For(
            Users.With(("sub", "alice"), ("iss", "https://login.example.com")), injection: options => options.Headers.Add(header, "iss"));

        await client.SendAsync();

        JsonWebToken token = await client.ReadAsync(client.Token);
        Assert.Equal((AssertingClient.Issuer, "https://login.example.com"), (token.Issuer, token.GetPayloadValue<string>(expected)));
        Assert.Equal(["https://login.example.com"], client.Backend.Only.Values(header));
    }

    [Theory]
    [InlineData(false, 0xD800)]
    [InlineData(false, 0xDC00)]
    [InlineData(true, 0xD800)]
    public async Task Subject_with_half_a_character_is_refused_before_anything_is_sent(bool isBound, int half)
    {
        // No header carries the subject, and JSON would replace the half by a character that others have too.
        await using AssertingClient client = AssertingClient.For(
            Users.With(("sub", $"alice{(char)half}"), ("email", "alice@example.com")),
            options => options.BindRequest = isBound,
            injection =>
            {
                injection.Headers.Clear();
                injection.Headers.Add("X-User-Email", "email");
            });

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync());

        Assert.Equal(ClaimInjectionErrorReason.AssertionFailed, error.Reason);
        Assert.Contains("subject", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
    }

    public static TheoryData<ClaimHeader> OtherSubjects =>
    [
        new ClaimHeader("X-User-Legacy", "Sub"),
        new ClaimHeader("X-User-Legacy", "sub"),
        new ClaimHeader("X-User-Legacy", "tenant") { JsonPath = "sub" },
        new ClaimHeader("X-User-Legacy", ClaimTypes.NameIdentifier),
    ];

    [Theory]
    [MemberData(nameof(OtherSubjects), DisableDiscoveryEnumeration = true)]
    public async Task Header_that_would_say_another_subject_is_refused_at_startup(ClaimHeader header)
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, injection: options =>
        {
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add("oid");
            options.Headers.Clear();
            options.Headers.Add(header);
        });

        Assert.Contains(
            "'X-User-Legacy' would become the claim 'sub', and is not the user's subject",
            client.StartupError().Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sub")]
    [InlineData("oid")]
    public async Task Subject_is_that_of_the_subjects_claim_types(string type)
    {
        await using AssertingClient client = AssertingClient.For(Users.With(("sub", "alice"), ("oid", "0-1")), injection: options =>
        {
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add(type);
        });

        await client.SendAsync();

        string expected = type == "sub" ? "alice" : "0-1";
        Assert.Equal(expected, (await client.ReadAsync(client.Token)).Subject);
        Assert.Equal([expected], client.Backend.Only.Values("X-User-Sub"));
    }

    [Theory]
    [InlineData("00:00:01", true)]
    [InlineData("00:10:00", true)]
    [InlineData("00:00:00.9999999", false)]
    [InlineData("00:10:00.0000001", false)]
    [InlineData("-00:01:00", false)]
    public async Task Lifetime_is_from_one_second_to_ten_minutes(string lifetime, bool isValid)
    {
        var expected = TimeSpan.Parse(lifetime, System.Globalization.CultureInfo.InvariantCulture);
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Lifetime = expected);

        if (!isValid)
        {
            Assert.Contains("Lifetime is not from 1 second to 10 minutes", client.StartupError().Message, StringComparison.Ordinal);
            return;
        }

        await client.SendAsync();

        var token = new JsonWebToken(client.Token);
        Assert.Equal((expected, expected), (token.ValidTo - token.IssuedAt, token.ValidTo - token.ValidFrom));
    }

    [Theory]
    [InlineData("https://b.example.com/next")]
    [InlineData("https://notes.example.com:8443/next")]
    public async Task Redirect_to_another_trusted_origin_takes_no_assertion_there(string target)
    {
        await using AssertingClient client = AssertingClient.For(
            Users.Alice,
            injection: options => options.TrustedOrigins.Add(new Uri(target)),
            respond: _ =>
                new HttpResponseMessage(System.Net.HttpStatusCode.TemporaryRedirect) { Headers = { Location = new Uri(target) } });

        using HttpResponseMessage response = await client.SendAsync();

        Assert.Equal(AssertingClient.Endpoint, client.Backend.Only.Uri);
        Assert.Equal(307, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("post", "POST")]
    [InlineData("Get", "GET")]
    [InlineData("Purge", "Purge")]
    public async Task Bound_method_is_the_one_on_the_wire(string method, string expected)
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.BindRequest = true);

        await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), AssertingClient.Endpoint));

        Assert.Equal(expected, Payload(client.Token).GetProperty("htm").GetString());
    }

    private static IEnumerable<string?> Strings(JsonElement array) => array.EnumerateArray().Select(item => item.GetString());

    private static JsonElement Payload(string token) => JsonElement.Parse(Base64UrlEncoder.Decode(new JsonWebToken(token).EncodedPayload));
}
