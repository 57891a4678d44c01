using System.Text;

namespace McpIdentityHeaders.Tests.Headers;

/// <summary>Values and sizes that vectors.json lacks: JSON cannot carry some of them.</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData(HeaderValueEncoding.Mcp, true)]
    [InlineData(HeaderValueEncoding.Mcp, false)]
    [InlineData(HeaderValueEncoding.Percent, true)]
    [InlineData(HeaderValueEncoding.Percent, false)]
    [InlineData(HeaderValueEncoding.Utf8, true)]
    [InlineData(HeaderValueEncoding.Utf8, false)]
    public async Task Lone_surrogate_is_refused_before_anything_is_sent(HeaderValueEncoding encoding, bool synchronous)
    {
        foreach (string value in new[] { "\uD800", "a\uDC00b", "\uDC00\uD800", "ok\uD83E" })
        {
            await using WireServer server = await WireServer.StartAsync();
            using HttpMessageInvoker client = HttpTesting.Chain(
                new SocketsHttpHandler(), new PropertyAccessor(Users.With(("sub", value))), options => options.Encoding = encoding);

            await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous));

            Assert.Empty(server.Heads);
        }
    }

    [Theory]
    [InlineData(ClaimValueFormat.CommaSeparated)]
    [InlineData(ClaimValueFormat.JsonArray)]
    public async Task Lone_surrogate_in_a_list_is_refused(ClaimValueFormat format) =>
        await Assert.ThrowsAsync<ClaimInjectionException>(() => SentAsync(format, ("groups", "a\uD800", ClaimValueTypes.String)));

    [Theory]
    [InlineData("""["a","\ud800"]""")]
    [InlineData("""["\udc00x"]""")]
    public async Task Lone_surrogate_escaped_in_json_is_refused(string json) => await Assert.ThrowsAsync<ClaimInjectionException>(
        () => SentAsync(ClaimValueFormat.CommaSeparated, ("groups", json, "JSON_ARRAY")));

    [Fact]
    public async Task Lone_surrogate_in_a_json_property_name_is_refused() => await Assert.ThrowsAsync<ClaimInjectionException>(
        () => SentAsync(ClaimValueFormat.CommaSeparated, "roles", ("groups", """{"\ud800":1,"roles":"x"}""", "JSON")));

    [Fact]
    public async Task Utf8_encoding_sends_the_raw_bytes()
    {
        await using WireServer server = await WireServer.StartAsync();
        using HttpMessageInvoker client = HttpTesting.Chain(
            new SocketsHttpHandler(),
            new PropertyAccessor(Users.With(("sub", "u"), ("name", "José 山田"))),
            options => options.Encoding = HeaderValueEncoding.Utf8);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(server.Uri.ToString()), synchronous: false);

        byte[] bytes = Encoding.Latin1.GetBytes(Assert.Single(server.OnlyHead.Values("X-User-Name")));
        Assert.Equal("José 山田", Encoding.UTF8.GetString(bytes));
    }

    [Theory]
    [InlineData(" outer")]
    [InlineData("outer ")]
    [InlineData("tab\there")]
    [InlineData("c1\u0085control")]
    [InlineData("del\u007F")]
    [InlineData("=?base64?é?=")]
    [InlineData("=?base64?=")]
    public async Task Utf8_encoding_refuses_a_value_that_a_receiver_would_misread(string value)
    {
        using HttpMessageInvoker client = HttpTesting.Chain(
            new SocketsHttpHandler(),
            new PropertyAccessor(Users.With(("sub", value))),
            options => options.Encoding = HeaderValueEncoding.Utf8);

        await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous: false));
    }

    [Theory]
    [InlineData("\"a\"", null)]
    [InlineData("{", null)]
    [InlineData("", null)]
    [InlineData("""["a",1.0,true,false,null,{"x":1},["y"],"","  ","b"]""", "a,1.0,true,false,b")]
    [InlineData("""[null,{}]""", null)]
    public async Task Json_array_counts_as_its_strings_numbers_and_booleans(string json, string? expected)
    {
        string? sent = await SentAsync(ClaimValueFormat.CommaSeparated, ("groups", json, "JSON_ARRAY"));

        Assert.Equal(json == "\"a\"" ? "a" : expected, sent);
    }

    [Fact]
    public async Task Numbers_in_a_json_array_header_are_strings_of_their_raw_text()
    {
        string? sent = await SentAsync(ClaimValueFormat.JsonArray, ("groups", """[10, 1.50, "é+", true]""", "JSON_ARRAY"));

        Assert.Equal("""["10","1.50","\u00E9\u002B","true"]""", sent);
    }

    [Theory]
    [InlineData("""{"a":{"b":["x","y"]}}""", "x,y")]
    [InlineData("""{"a":{"b":"x"}}""", "x")]
    [InlineData("""{"a":{"b":{"c":"x"}}}""", null)]
    [InlineData("""{"a":["b"]}""", null)]
    [InlineData("""{"a":{"b":["x"]},"a":{"b":["y"]}}""", null)]
    [InlineData("""{"a":{"b":["x"]}} trailing""", null)]
    [InlineData("plain text", null)]
    public async Task Json_path_selects_a_property_or_nothing_where_there_is_none(string json, string? expected)
    {
        string? sent = await SentAsync(ClaimValueFormat.CommaSeparated, "a.b", ("groups", json, "JSON"));

        Assert.Equal(expected, sent);
    }

    [Fact]
    public async Task Single_format_takes_the_first_item_of_the_first_json_claim_with_one()
    {
        string? sent = await SentAsync(
            ClaimValueFormat.Single,
            ("groups", "[]", "JSON_ARRAY"),
            ("groups", """["x","y"]""", "JSON_ARRAY"),
            ("groups", "z", ClaimValueTypes.String));

        Assert.Equal("x", sent);
    }

    [Theory]
    [InlineData(HeaderValueEncoding.Utf8, 5, 6)]
    [InlineData(HeaderValueEncoding.Utf8, 6, 6)]
    [InlineData(HeaderValueEncoding.Percent, 17, 18)]
    [InlineData(HeaderValueEncoding.Percent, 18, 18)]
    public async Task Length_is_that_of_the_bytes_on_the_wire(HeaderValueEncoding encoding, int limit, int length)
    {
        using var primary = new SocketsHttpHandler();
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(
            encoding == HeaderValueEncoding.Utf8 ? primary : backend,
            new PropertyAccessor(Users.With(("name", "ééé"))),
            options =>
            {
                options.Encoding = encoding;
                options.MaxHeaderValueLength = limit;
            });

        Exception? error = await Record.ExceptionAsync(() => client.SendAsync(HttpTesting.Get("http://127.0.0.1:1"), synchronous: false));

        Assert.Equal(limit < length, error is ClaimInjectionException);
    }

    [Fact]
    public async Task Last_printable_character_is_not_escaped_beside_others_that_are()
    {
        string? sent = await SentAsync(ClaimValueFormat.CommaSeparated, ("groups", " ~é", ClaimValueTypes.String));

        Assert.Equal("%20~%C3%A9", sent);
    }

    [Fact]
    public async Task First_claim_type_with_a_value_wins_for_a_list_too()
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(
            backend,
            new PropertyAccessor(Users.With(("sub", "u"), ("roles", " "), ("role", "a"), ("role", "b"), ("other", "c"))),
            options => options.Headers.Add(
                new ClaimHeader("X-User-Roles", "roles", "role", "other") { Format = ClaimValueFormat.CommaSeparated }));

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: false);

        Assert.Equal(["a,b"], backend.Only.Values("X-User-Roles"));
    }

    [Theory]
    [InlineData(100, 100, true)]
    [InlineData(101, 100, false)]
    public async Task Value_longer_than_the_limit_is_refused(int length, int limit, bool sent)
    {
        string name = new('n', length);

        Assert.Equal(sent ? name : null, await SentOrRefusedAsync(name, options => options.MaxHeaderValueLength = limit));
    }

    [Theory]
    [InlineData(27, true)]
    [InlineData(26, false)]
    public async Task Value_limit_counts_encoded_bytes(int limit, bool sent) =>
        Assert.Equal(
            sent ? "=?base64?5bGx55Sw5aSq6YOO?=" : null,
            await SentOrRefusedAsync("山田太郎", options => options.MaxHeaderValueLength = limit));

    [Theory]
    [InlineData(10 + 1 + 11 + 5, true)]
    [InlineData(10 + 1 + 11 + 5 - 1, false)]
    public async Task Total_limit_counts_names_and_values(int limit, bool sent) =>
        Assert.Equal(sent ? "Alice" : null, await SentOrRefusedAsync("Alice", options => options.MaxTotalLength = limit));

    [Fact]
    public async Task Oversized_value_is_omitted_unless_it_is_the_subject_or_required()
    {
        string longName = new('n', 200);
        Action<ClaimInjectionOptions> omit = options =>
        {
            options.OversizedValue = OversizedValueBehavior.Omit;
            options.MaxHeaderValueLength = 100;
        };

        Assert.Equal(string.Empty, await SentOrRefusedAsync(longName, omit));
        Assert.Null(await SentOrRefusedAsync(longName, omit + (options =>
            options.Headers.Add(new ClaimHeader("X-User-Name", "name") { Required = true }))));
        Assert.Null(await SentOrRefusedAsync("n", omit, subject: longName));
    }

    /// <summary>Returns X-User-Name as sent, empty if omitted, null if the request was refused.</summary>
    private static async Task<string?> SentOrRefusedAsync(string name, Action<ClaimInjectionOptions> configure, string subject = "u")
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Named(subject, name)), configure);
        try
        {
            using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: false);
        }
        catch (ClaimInjectionException refused)
        {
            Assert.Empty(backend.Requests);
            Assert.DoesNotContain(name.Length > 1 ? name : subject, refused.ToString(), StringComparison.Ordinal);
            return null;
        }

        return backend.Only.Values("X-User-Name").SingleOrDefault() ?? string.Empty;
    }

    private static Task<string?> SentAsync(ClaimValueFormat format, params (string Type, string Value, string ValueType)[] claims) =>
        SentAsync(format, jsonPath: null, claims);

    private static async Task<string?> SentAsync(
        ClaimValueFormat format, string? jsonPath, params (string Type, string Value, string ValueType)[] claims)
    {
        var backend = new RecordingHandler();
        var user =
            new ClaimsPrincipal(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value, claim.ValueType)), "test"));
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(user), options =>
            options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = format, JsonPath = jsonPath }));

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: false);

        return backend.Only.Values("X-User-Groups").SingleOrDefault();
    }
}
