using System.Net;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>What is not exactly an assertion of the issuer, for this backend, now and for this request, is refused.</summary>
public sealed class TamperedAssertionTests
{
    private delegate void Tamper(AssertionDraft draft);

    private static readonly Dictionary<string, Tamper> Tokens = new()
    {
        ["algorithm none, unsigned"] = draft => draft.Unsigned("none"),
        ["algorithm None"] = draft => draft.Unsigned("None"),
        ["no algorithm"] = draft => draft.Header.Remove("alg"),
        ["HMAC under the public key's JWK"] = draft => draft.Hmac(draft.PublicJwk()),
        ["HMAC under the public key's PEM"] = draft => draft.Hmac(draft.PublicPem()),
        ["HMAC under nothing"] = draft => draft.Hmac([]),
        ["another algorithm of the same key"] = draft => draft.Header["alg"] = "ES384",
        ["RSA algorithm named"] = draft => draft.Header["alg"] = "RS256",
        ["another key with the same kid"] = draft => draft.SignWithAnotherKey(),
        ["unknown kid"] = draft => draft.Header["kid"] = "unknown",
        ["no kid"] = draft => draft.Header.Remove("kid"),
        ["key in the header"] = draft => draft.EmbedAnotherKey(),
        ["key by address in the header"] = draft => draft.KeyByAddress(),
        ["critical parameter"] = draft => { draft.Header["crit"] = new JsonArray("b64"); draft.Header["b64"] = false; },
        ["critical parameter that is empty"] = draft => draft.Header["crit"] = new JsonArray(),
        ["type of another token"] = draft => draft.Header["typ"] = "at+jwt",
        ["type JWT"] = draft => draft.Header["typ"] = "JWT",
        ["no type"] = draft => draft.Header.Remove("typ"),
        ["encrypted form"] = draft => draft.Whole = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA",
        ["no issuer"] = draft => draft.Payload.Remove("iss"),
        ["another issuer"] = draft => draft.Payload["iss"] = "https://evil.example.com",
        ["issuer with a slash more"] = draft => draft.Payload["iss"] = draft.Payload["iss"]!.GetValue<string>() + "/",
        ["issuer in capitals"] = draft => draft.Payload["iss"] = draft.Payload["iss"]!.GetValue<string>().ToUpperInvariant(),
        ["empty issuer"] = draft => draft.Payload["iss"] = "",
        ["issuers"] = draft => draft.Payload["iss"] = new JsonArray(draft.Payload["iss"]!.GetValue<string>()),
        ["no audience"] = draft => draft.Payload.Remove("aud"),
        ["another backend's audience"] = draft => draft.Payload["aud"] = "https://other.example.com",
        ["audience beside another"] = draft =>
            draft.Payload["aud"] = new JsonArray(draft.Payload["aud"]!.GetValue<string>(), "https://other.example.com"),
        ["audience with a path"] = draft => draft.Payload["aud"] = draft.Payload["aud"]!.GetValue<string>() + "/mcp",
        ["empty audience"] = draft => draft.Payload["aud"] = "",
        ["no audiences"] = draft => draft.Payload["aud"] = new JsonArray(),
        ["audience in capitals"] = draft => draft.Payload["aud"] = draft.Payload["aud"]!.GetValue<string>().ToUpperInvariant(),
        ["expired"] = draft => draft.Times(-200, -200, -31),
        ["not valid yet"] = draft => draft.Times(0, 40, 100),
        ["no expiry"] = draft => draft.Payload.Remove("exp"),
        ["expiry that is text"] = draft => draft.Payload["exp"] = "tomorrow",
        ["expiry that is negative"] = draft => draft.Payload["exp"] = -1,
        ["expiry of zero"] = draft => draft.Payload["exp"] = 0,
        ["expiry beyond all time"] = draft => draft.Payload["exp"] = 1e300,
        ["expiry that is null"] = draft => draft.Payload["exp"] = null,
        ["valid for too long"] = draft => draft.Times(0, 0, 700),
        ["no issue time"] = draft => draft.Payload.Remove("iat"),
        ["issue time that is text"] = draft => draft.Payload["iat"] = "now",
        ["issued in the future"] = draft => draft.Times(40, -10, 100),
        ["start that is text"] = draft => draft.Payload["nbf"] = "now",
        ["subject that is a list"] = draft => draft.Payload["sub"] = new JsonArray("alice", "bob"),
        ["subject that is an object"] = draft => draft.Payload["sub"] = new JsonObject { ["a"] = "alice" },
        ["algorithm in lower case"] = draft => draft.Header["alg"] = "es256",
        ["kid that is empty"] = draft => draft.Header["kid"] = "",
        ["kid that is a path"] = draft => draft.Header["kid"] = "../../dev/null",
        ["kid that is a list"] = draft => draft.Header["kid"] = new JsonArray(draft.Header["kid"]!.GetValue<string>()),
        ["type in capitals"] = draft => draft.Header["typ"] = "USER-ASSERTION+JWT",
        ["white space around"] = draft => draft.Whole = $"{draft.Sign()} x",
        ["no start"] = draft => draft.Payload.Remove("nbf"),
        ["no subject"] = draft => draft.Payload.Remove("sub"),
        ["empty subject"] = draft => draft.Payload["sub"] = "",
        ["blank subject"] = draft => draft.Payload["sub"] = "  ",
        ["another subject, signature kept"] = draft => draft.ReplacePayload(payload => payload["sub"] = "bob"),
        ["header changed, signature kept"] = draft => draft.ReplaceHeader(header => header["x"] = "y"),
        ["signature cut"] = draft => draft.Whole = draft.Sign()[..^4],
        ["signature empty"] = draft => draft.Whole = draft.Sign()[..(draft.Sign().LastIndexOf('.') + 1)],
        ["signature of zeros"] = draft => draft.ReplaceSignature(new byte[64]),
        ["signature in DER"] = draft => draft.SignInDer(),
        ["signature twice"] = draft => draft.Whole = draft.Sign() + draft.Sign()[draft.Sign().LastIndexOf('.')..],
        ["padding"] = draft => draft.Whole = draft.Sign() + "=",
        ["two parts"] = draft => draft.Whole = draft.Sign()[..draft.Sign().LastIndexOf('.')],
        ["one part"] = draft => draft.Whole = "abc",
        ["dots"] = draft => draft.Whole = "..",
        ["no JSON"] = draft => draft.Whole = "abc.abc.abc",
        ["bearer in front"] = draft => draft.Whole = "Bearer " + draft.Sign(),
        ["quoted"] = draft => draft.Whole = $"\"{draft.Sign()}\"",
        ["two in one"] = draft => draft.Whole = $"{draft.Sign()},{draft.Sign()}",
        ["too long"] = draft => draft.Payload["pad"] = new string('x', 9000),
        ["signature with other unused bits in its last character"] = draft => draft.ChangeUnusedBits(),
        ["signature in the alphabet of base64"] = draft => draft.UseOtherAlphabetInSignature(),
        ["signature with padding inside"] = draft => draft.Whole = draft.Sign()[..^1] + "=",
        ["line break in front of the last character"] = draft => draft.Whole = draft.Sign().Insert(draft.Sign().Length - 1, "\t"),
        ["space in the payload"] = draft => draft.Whole = draft.Sign().Replace(".", ". ", StringComparison.Ordinal),
        ["unencoded payload by b64"] = draft => draft.Header["b64"] = false,
        ["critical parameter that is known"] = draft => { draft.Header["crit"] = new JsonArray("exp"); draft.Header["exp"] = 1; },
        ["critical parameter that is null"] = draft => draft.Header["crit"] = null,
        ["header with a key set's address beside the kid"] = draft =>
        {
            draft.Header["jku"] = "https://evil.example.com/jwks.json";
            draft.SignWithAnotherKey();
        },
        ["header with a certificate beside the kid"] = draft =>
        {
            draft.Header["x5c"] = new JsonArray("MIIB");
            draft.Header["x5u"] = "https://evil.example.com/cert.pem";
            draft.SignWithAnotherKey();
        },
        ["subject twice"] = draft => draft.PutBeforePayload("sub", "\"sub\":\"bob\""),
        ["subject in capitals in front of it"] = draft => draft.PutBeforePayload("sub", "\"SUB\":\"bob\""),
        ["name in another case"] = draft => draft.Payload["Name"] = "Bob",
        ["audience twice"] = draft => draft.PutBeforePayload("aud", "\"aud\":\"https://other.example.com\""),
        ["expiry twice, escaped"] = draft => draft.PutBeforePayload("exp", "\"\\u0065xp\":1"),
        ["member twice in an object of the payload"] = draft => draft.PutBeforePayload("sub", "\"act\":{\"sub\":\"a\",\"sub\":\"b\"}"),
        ["algorithm twice"] = draft => draft.PutBeforeHeader("alg", "\"alg\":\"none\""),
        ["kid twice"] = draft => draft.PutBeforeHeader("kid", "\"kid\":\"other\""),
        ["comment in the payload"] = draft => draft.RawPayload = "/**/" + draft.Payload.ToJsonString(),
        ["comma at the payload's end"] = draft => draft.RawPayload = draft.Payload.ToJsonString()[..^1] + ",}",
        ["second payload behind the first"] = draft => draft.RawPayload = draft.Payload.ToJsonString() + draft.Payload.ToJsonString(),
        ["nested token"] = draft =>
        {
            draft.RawPayload = $"\"{draft.Sign()}\"";
            draft.Header["cty"] = "JWT";
        },
        ["nested token, bare"] = draft =>
        {
            draft.RawPayload = draft.Sign();
            draft.Header["cty"] = "JWT";
        },
        ["audience twice in a list"] = draft => draft.Payload["aud"] = new JsonArray(draft.Audience, draft.Audience),
        ["audience in a list with nothing"] = draft => draft.Payload["aud"] = new JsonArray(draft.Audience, null),
        ["audience in a list with a number"] = draft => draft.Payload["aud"] = new JsonArray(draft.Audience, 1),
        ["start in the far future"] = draft => draft.Payload["nbf"] = 1e300,
        ["issue time that is negative"] = draft => draft.Payload["iat"] = -1,
        ["issue time beyond all time"] = draft => draft.Payload["iat"] = 1e300,
        ["issue time after the expiry"] = draft => draft.Times(25, -10, 20),
        ["start after the expiry"] = draft => draft.Times(0, 25, 20),
        ["expiry that is a list"] = draft => draft.Payload["exp"] = new JsonArray(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 60),
        ["expiry that is a number as text"] = draft => draft.Payload["exp"] = $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 60}",
        ["subject that is a number"] = draft => draft.Payload["sub"] = 1,
        ["subject that is true"] = draft => draft.Payload["sub"] = true,
        ["subject that is null"] = draft => draft.Payload["sub"] = null,
        ["issuer that is null"] = draft => draft.Payload["iss"] = null,
        ["type that is a list"] = draft => draft.Header["typ"] = new JsonArray("user-assertion+jwt"),
        ["type with its top-level name"] = draft => draft.Header["typ"] = "application/user-assertion+jwt",
        ["algorithm that is a list"] = draft => draft.Header["alg"] = new JsonArray("ES256"),
        ["unknown claim of half a character"] = draft => draft.PutBeforePayload("sub", "\"pad\":\"\\ud800\""),
        ["claim that is half a character"] = draft =>
            draft.RawPayload = draft.Payload.ToJsonString().Replace("Alice", "\\ud800", StringComparison.Ordinal),
        ["claim named by half a character"] = draft => draft.PutBeforePayload("sub", "\"\\udc00\":\"x\""),
        ["subject of half a character"] = draft =>
            draft.RawPayload = draft.Payload.ToJsonString().Replace("\"alice\"", "\"\\ud800\"", StringComparison.Ordinal),
        ["header parameter of half a character"] = draft => draft.PutBeforeHeader("kid", "\"x\":\"\\ud800\""),
        ["JSON that is nested too deep"] = draft =>
            draft.PutBeforePayload("sub", $"\"pad\":{new string('[', 500)}{new string(']', 500)}"),
        ["number that is no JSON"] = draft => draft.PutBeforePayload("sub", "\"pad\":NaN"),
        ["payload that is a list"] = draft => draft.RawPayload = "[]",
        ["payload that is empty"] = draft => draft.RawPayload = "",
        ["payload that is text"] = draft => draft.RawPayload = "\"alice\"",
    };

    public static TheoryData<string> TokenNames => [.. Tokens.Keys];

    [Theory]
    [MemberData(nameof(TokenNames))]
    public async Task Tampered_token_is_refused(string name)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        var draft = new AssertionDraft(hosts);
        Tokens[name](draft);

        using HttpResponseMessage refused = await hosts.SendTokenAsync(draft.Whole ?? draft.Sign());
        using HttpResponseMessage accepted = await hosts.SendTokenAsync(new AssertionDraft(hosts).Sign());

        Assert.Equal((HttpStatusCode.Unauthorized, ""), (refused.StatusCode, await refused.Content.ReadAsStringAsync()));
        Assert.Equal("alice|Alice|{}", await accepted.Content.ReadAsStringAsync());
    }

    public static TheoryData<string, string, string> HeaderCases => new()
    {
        { "another subject", "X-User-Sub", "bob" },
        { "another name", "X-User-Name", "Bob" },
        { "claim that the assertion lacks", "X-User-Email", "bob@example.com" },
        { "alias", "X_User_Sub", "alice" },
        { "alias with a dot", "X.User.Sub", "alice" },
        { "not canonical", "X-User-Sub", "=?base64?YWxpY2U=?=" },
        { "alias of the assertion", "X_User_Assertion", "abc" },
        { "second assertion", AssertionHosts.Header, "abc" },
    };

    [Theory]
    [MemberData(nameof(HeaderCases))]
    public async Task Headers_that_disagree_are_refused(string what, string name, string value)
    {
        Assert.NotEmpty(what);
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();

        using HttpResponseMessage response = await hosts.SendTokenAsync(
            new AssertionDraft(hosts).Sign(), request => request.Headers.TryAddWithoutValidation(name, value));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("X-User-Assertion: {0}\r\nX-User-Assertion: {0}", 401)]
    [InlineData("X-User-Assertion: {0}\r\nx-user-assertion: {0}", 401)]
    [InlineData("X-User-Assertion: {0}, {0}", 401)]
    [InlineData("X-User-Assertion: {0},", 401)]
    [InlineData("X-User-Assertion: {0}\r\n ", 400)]
    [InlineData("X-User-Assertion:\r\n {0}", 400)]
    [InlineData("X-User-Assertion: Bearer {0}", 401)]
    [InlineData("X-User-Assertion: bearer {0}", 401)]
    [InlineData("X-User-Assertion: {0}\r\nX-User-Assertion:", 401)]
    [InlineData("X-User-Assertion: {0}\r\nX.User.Assertion: {0}", 401)]
    [InlineData("X_User_Assertion: {0}", 401)]
    [InlineData("X-User-Assertion :{0}", 400)]
    [InlineData("X-User-Assertion:", 401)]
    [InlineData("Authorization: Bearer {0}", 200)]
    [InlineData("x-USER-assertion:{0}  ", 200)]
    public async Task Header_lines_carry_one_assertion_and_nothing_else(string lines, int status)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        string token = new AssertionDraft(hosts).Sign();

        RawResponse response = await RawHttp.GetAsync(
            hosts.Backend, "/mcp", string.Format(System.Globalization.CultureInfo.InvariantCulture, lines, token).Split("\r\n"));

        Assert.Equal(status, response.Status);
        Assert.Equal(
            lines.StartsWith("x-USER", StringComparison.Ordinal),
            System.Text.Encoding.UTF8.GetString(response.Body).Contains("alice|", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("iat", 29, true)]
    [InlineData("iat", 31, false)]
    [InlineData("nbf", 29, true)]
    [InlineData("nbf", 31, false)]
    [InlineData("exp", -29, true)]
    [InlineData("exp", -30, false)]
    public async Task Clocks_may_differ_by_the_skew_and_no_more(string claim, int seconds, bool isAccepted)
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(time: time);
        var draft = new AssertionDraft(hosts);
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        (draft.Payload["iat"], draft.Payload["nbf"], draft.Payload["exp"]) = (now - 100, now - 100, now + 100);
        draft.Payload[claim] = now + seconds;

        using HttpResponseMessage response = await hosts.SendTokenAsync(draft.Sign());

        Assert.Equal(isAccepted ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, response.StatusCode);
    }

    public static TheoryData<string, string> Harmless => new()
    {
        { "jku", "\"https://evil.example.com/jwks.json\"" },
        { "x5u", "\"https://evil.example.com/cert.pem\"" },
        { "x5t", "\"abc\"" },
        { "cty", "\"JWT\"" },
        { "unknown", "{\"a\":[1]}" },
    };

    [Theory]
    [MemberData(nameof(Harmless))]
    public async Task Header_parameter_that_is_not_critical_is_ignored(string name, string value)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        var draft = new AssertionDraft(hosts);
        draft.Header[name] = JsonNode.Parse(value);

        using HttpResponseMessage response = await hosts.SendTokenAsync(draft.Sign());

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Encrypted_token_around_a_valid_one_is_refused()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        var draft = new AssertionDraft(hosts);
        var key = new SymmetricSecurityKey(new byte[32]) { KeyId = draft.Header["kid"]!.GetValue<string>() };
        string encrypted = new JsonWebTokenHandler().EncryptToken(draft.Sign(), new EncryptingCredentials(key, "dir", "A128CBC-HS256"));

        using HttpResponseMessage response = await hosts.SendTokenAsync(encrypted);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Headers_that_agree_are_accepted()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();

        using HttpResponseMessage response = await hosts.SendTokenAsync(
            new AssertionDraft(hosts).Sign(), request => request.WithHeader("X-User-Sub", "alice").WithHeader("x-user-name", "Alice"));

        Assert.Equal("alice|Alice|{}", await response.Content.ReadAsStringAsync());
    }

    private static readonly Dictionary<string, Action<JsonObject>> Bindings = new()
    {
        ["another method"] = payload => payload["htm"] = "GET",
        ["method in lower case"] = payload => payload["htm"] = "post",
        ["no method"] = payload => payload.Remove("htm"),
        ["another path"] = payload => payload["htu"] = payload["htu"]!.GetValue<string>() + "/",
        ["path that is escaped"] = payload =>
            payload["htu"] = payload["htu"]!.GetValue<string>().Replace("mcp", "m%63p", StringComparison.Ordinal),
        ["path in capitals"] = payload =>
            payload["htu"] = payload["htu"]!.GetValue<string>().Replace("mcp", "MCP", StringComparison.Ordinal),
        ["query in the URI"] = payload => payload["htu"] = payload["htu"]!.GetValue<string>() + "?a=1",
        ["fragment in the URI"] = payload => payload["htu"] = payload["htu"]!.GetValue<string>() + "#a",
        ["digest of a query"] = payload => payload["query_digest"] = AssertionDraft.Digest(""),
        ["another host"] = payload => payload["htu"] = "http://other.example.com/mcp",
        ["another scheme"] = payload =>
            payload["htu"] = payload["htu"]!.GetValue<string>().Replace("http:", "https:", StringComparison.Ordinal),
        ["no URI"] = payload => payload.Remove("htu"),
        ["another digest"] = payload => payload["content_digest"] = AssertionDraft.Digest("{ }"),
        ["digest of nothing"] = payload => payload["content_digest"] = AssertionDraft.Digest(""),
        ["digest without its form"] = payload => payload["content_digest"] = AssertionDraft.Digest("{}")["sha-256=".Length..],
        ["digest of another algorithm"] = payload =>
            payload["content_digest"] = AssertionDraft.Digest("{}").Replace("256", "512", StringComparison.Ordinal),
        ["no digest"] = payload => payload.Remove("content_digest"),
        ["another session"] = payload => payload["mcp_session_id"] = "session-2",
        ["no session"] = payload => payload.Remove("mcp_session_id"),
        ["method in a list"] = payload => payload["htm"] = new JsonArray("POST"),
        ["method that is null"] = payload => payload["htm"] = null,
        ["method that is a number"] = payload => payload["htm"] = 1,
        ["URI in a list"] = payload => payload["htu"] = new JsonArray(payload["htu"]!.GetValue<string>()),
        ["URI in an object"] = payload => payload["htu"] = new JsonObject { ["uri"] = payload["htu"]!.GetValue<string>() },
        ["digest in a list"] = payload => payload["content_digest"] = new JsonArray(AssertionDraft.Digest("{}")),
        ["digest that is null"] = payload => payload["content_digest"] = null,
        ["digest with another behind it"] = payload =>
            payload["content_digest"] = $"{AssertionDraft.Digest("{}")}, {AssertionDraft.Digest("")}",
        ["session in a list"] = payload => payload["mcp_session_id"] = new JsonArray("session-1"),
        ["session that is null"] = payload => payload["mcp_session_id"] = null,
        ["query that is empty text"] = payload => payload["query_digest"] = "",
        ["id that is null"] = payload => payload["jti"] = null,
        ["id that is a list"] = payload => payload["jti"] = new JsonArray("a"),
        ["id that is a number"] = payload => payload["jti"] = 1,
        ["no id"] = payload => payload.Remove("jti"),
        ["blank id"] = payload => payload["jti"] = " ",
    };

    public static TheoryData<string> BindingNames => [.. Bindings.Keys];

    [Theory]
    [MemberData(nameof(BindingNames))]
    public async Task Assertion_that_is_bound_to_another_request_is_refused(string name)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(receive: options => options.RequireBinding = true);
        AssertionDraft draft = AssertionDraft.ForRequest(hosts);
        Bindings[name](draft.Payload);

        using HttpResponseMessage refused = await hosts.SendTokenAsync(draft.Sign(), InSession);
        using HttpResponseMessage accepted = await hosts.SendTokenAsync(AssertionDraft.ForRequest(hosts).Sign(), InSession);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (refused.StatusCode, accepted.StatusCode));
    }

    [Theory]
    [InlineData("session-1", HttpStatusCode.OK)]
    [InlineData("SESSION-1", HttpStatusCode.Unauthorized)]
    [InlineData("session-1,session-1", HttpStatusCode.Unauthorized)]
    [InlineData("", HttpStatusCode.Unauthorized)]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    public async Task Assertion_of_a_session_is_refused_in_another_and_in_none(string? session, HttpStatusCode expected)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(receive: options => options.RequireBinding = true);
        string token = AssertionDraft.ForRequest(hosts).Sign();

        using HttpResponseMessage response = await hosts.SendTokenAsync(token, request =>
        {
            if (session is not null)
            {
                request.WithHeader("Mcp-Session-Id", session);
            }
        });

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Unbound_assertion_is_refused_where_binding_is_required()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(receive: options => options.RequireBinding = true);

        using HttpResponseMessage response = await hosts.SendTokenAsync(new AssertionDraft(hosts).Sign());

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Replayed_assertion_is_refused_however_many_come_at_once()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(receive: options => options.RequireBinding = true);
        string token = AssertionDraft.ForRequest(hosts).Sign();

        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => hosts.SendTokenAsync(token, InSession)));

        Assert.Single(responses, response => response.StatusCode == HttpStatusCode.OK);
        Assert.Equal(19, responses.Count(response => response.StatusCode == HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Any_changed_character_of_a_bound_request_is_refused()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(receive: options => options.RequireBinding = true);
        const string Content = """{"jsonrpc":"2.0","id":1,"method":"tools/call"}""";
        Gen<(string Part, int Place, int Step)> changes = Gen.Select(
            Gen.OneOf(Gen.Const("token"), Gen.Const("content"), Gen.Const("session"), Gen.Const("path"), Gen.Const("query")),
            Gen.Int[0, 9_999],
            Gen.Int[1, 61]);

        await changes.SampleAsync(
            async change =>
            {
                AssertionDraft draft = AssertionDraft.ForRequest(hosts, Content);
                draft.Payload["query_digest"] = AssertionDraft.Digest("id=1");
                string token = draft.Sign();
                (string sent, string content, string session, string path) = change.Part switch
                {
                    "token" => (Change(token, change.Place, change.Step), Content, "session-1", "/mcp?id=1"),
                    "content" => (token, Change(Content, change.Place, change.Step), "session-1", "/mcp?id=1"),
                    "session" => (token, Content, Change("session-1", change.Place, change.Step), "/mcp?id=1"),
                    "query" => (token, Content, "session-1", $"/mcp?{Change("id=1", change.Place, change.Step)}"),
                    _ => (token, Content, "session-1", $"/{Change("mcp", change.Place, change.Step)}?id=1"),
                };
                using var http = new HttpClient();
                var uri = new Uri(AssertionHosts.NameOf(hosts.Backend) + path);
                using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new StringContent(content) };
                request.WithHeader(AssertionHosts.Header, sent).WithHeader("Mcp-Session-Id", session);
                using HttpResponseMessage response = await http.SendAsync(request);
                Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            },
            iter: 400,
            threads: 2);
    }

    /// <summary>Replaces one character by another letter or digit.</summary>
    private static string Change(string text, int place, int step)
    {
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.";
        int index = place % text.Length;
        char changed = Letters[(Math.Max(0, Letters.IndexOf(text[index])) + step) % Letters.Length];
        return $"{text[..index]}{changed}{text[(index + 1)..]}";
    }

    private static void InSession(HttpRequestMessage request) => request.WithHeader("Mcp-Session-Id", "session-1");
}
