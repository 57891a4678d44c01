using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Tests.Headers;

/// <summary>One header carries several claims, byte by byte.</summary>
public sealed class ClaimObjectTests
{
    private const string Header = "X-User";

    private static readonly string[] Map =
        ["sub", ClaimTypes.NameIdentifier, "email", ClaimTypes.Email, "name", "groups", "http://schemas.example.com/tenant"];

    private static readonly Dictionary<string, (Claim[] Claims, string? Json)> Objects = new()
    {
        ["one of each"] = (
            [new("sub", "alice"), new("email", "alice@example.com"), new("groups", "dev")],
            """{"sub":"alice","email":"alice@example.com","groups":"dev"}"""),
        ["order of the map, not of the claims"] = (
            [new("groups", "dev"), new("name", "Alice"), new("sub", "alice")],
            """{"sub":"alice","name":"Alice","groups":"dev"}"""),
        ["several values"] = (
            [new("sub", "alice"), new("groups", "b"), new("groups", "a,b"), new("groups", "b")],
            """{"sub":"alice","groups":["b","a,b","b"]}"""),
        ["accents and signs"] = (
            [new("sub", "山"), new("name", "José \"J\" \\ <b>\r\n\0")],
            """{"sub":"\u5C71","name":"Jos\u00E9 \u0022J\u0022 \\ \u003Cb\u003E\r\n\u0000"}"""),
        ["blank values"] = ([new("sub", "alice"), new("name", ""), new("groups", " "), new("groups", "\t")], """{"sub":"alice"}"""),
        ["blank value among others"] = ([new("groups", "a"), new("groups", " "), new("groups", "b")], """{"groups":["a","b"]}"""),
        ["claims outside the map"] = ([new("sub", "alice"), new("secret", "x")], """{"sub":"alice"}"""),
        ["nothing of the map"] = ([new("secret", "x")], null),
        ["all blank"] = ([new("sub", " "), new("name", "")], null),
        ["JSON array"] = (
            [new("groups", """["a",1.50,true,null,{"x":1},"b"]""", "JSON_ARRAY")], """{"groups":["a","1.50","true","b"]}"""),
        ["JSON array of one"] = ([new("groups", """["a"]""", "JSON_ARRAY")], """{"groups":"a"}"""),
        ["JSON array of none"] = ([new("sub", "u"), new("groups", "[]", "JSON_ARRAY")], """{"sub":"u"}"""),
        ["renamed claim has its name of a JWT"] = (
            [new(ClaimTypes.NameIdentifier, "alice"), new(ClaimTypes.Email, "a@b.example")], """{"sub":"alice","email":"a@b.example"}"""),
        ["first type of one name wins"] = (
            [new(ClaimTypes.Email, "second@b.example"), new("email", "first@b.example")], """{"email":"first@b.example"}"""),
        ["type that is a URI"] = (
            [new("http://schemas.example.com/tenant", "t1")], """{"http://schemas.example.com/tenant":"t1"}"""),
        ["subject is one"] = ([new("sub", "alice"), new("sub", "alice")], """{"sub":"alice"}"""),
    };

    public static TheoryData<string, bool> ObjectNames => TheoryCases.InBothWays(Objects.Keys);

    [Theory]
    [MemberData(nameof(ObjectNames))]
    public async Task Object_has_a_property_for_each_claim_type(string name, bool synchronous)
    {
        (Claim[] claims, string? json) = Objects[name];
        ClaimsPrincipal user = new(new ClaimsIdentity(claims, "test"));

        Assert.Equal(json, await SentAsync(ClaimValueFormat.JsonObject, user, synchronous));
        Assert.Equal(
            json is null ? null : Convert.ToBase64String(Encoding.ASCII.GetBytes(json)),
            await SentAsync(ClaimValueFormat.Base64JsonObject, user, synchronous));
    }

    [Fact]
    public async Task Client_principal_has_the_shape_of_App_Service()
    {
        var identity = new ClaimsIdentity(
            [new("groups", "a"), new(ClaimTypes.Email, "a@b.example"), new("groups", "é"), new("sub", "alice"), new("secret", "x")],
            "aad",
            "name",
            "groups");

        string? sent = await SentAsync(ClaimValueFormat.ClientPrincipal, new ClaimsPrincipal(identity), synchronous: false);

        Assert.Equal(
            """{"auth_typ":"aad","claims":[{"typ":"sub","val":"alice"},{"typ":"""
            + "\"" + ClaimTypes.Email + "\""
            + ""","val":"a@b.example"},{"typ":"groups","val":"a"},{"typ":"groups","val":"\u00E9"}],"name_typ":"name","role_typ":"groups"}""",
            Encoding.ASCII.GetString(Convert.FromBase64String(sent!)));
    }

    [Theory]
    [InlineData(ClaimValueFormat.JsonObject)]
    [InlineData(ClaimValueFormat.Base64JsonObject)]
    [InlineData(ClaimValueFormat.ClientPrincipal)]
    public async Task Claims_of_who_is_not_signed_in_are_not_sent(ClaimValueFormat format)
    {
        var user = new ClaimsPrincipal([Users.NotSignedIn(("email", "mallory@example.com")), Users.SignedIn(("sub", "alice"))]);

        string? sent = await SentAsync(format, user, synchronous: false);
        string json = format == ClaimValueFormat.JsonObject ? sent! : Encoding.ASCII.GetString(Convert.FromBase64String(sent!));

        Assert.Contains("alice", json, StringComparison.Ordinal);
        Assert.DoesNotContain("mallory", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ClaimValueFormat.JsonObject)]
    [InlineData(ClaimValueFormat.Base64JsonObject)]
    [InlineData(ClaimValueFormat.ClientPrincipal)]
    public async Task Lone_surrogate_is_refused_and_not_quoted(ClaimValueFormat format)
    {
        var error = await Assert.ThrowsAsync<ClaimInjectionException>(
            () => SentAsync(format, Users.With(("sub", "alice"), ("name", "secret\uD800")), synchronous: false));

        Assert.Equal(ClaimInjectionErrorReason.InvalidClaim, error.Reason);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ClaimValueFormat.JsonObject, 15)]
    [InlineData(ClaimValueFormat.Base64JsonObject, 20)]
    public async Task Length_is_that_of_the_whole_object(ClaimValueFormat format, int length)
    {
        ClaimsPrincipal user = Users.With(("sub", "alice"));

        Assert.NotNull(await SentAsync(format, user, synchronous: false, options => options.MaxHeaderValueLength = length));
        var error = await Assert.ThrowsAsync<ClaimInjectionException>(
            () => SentAsync(format, user, synchronous: false, options => options.MaxHeaderValueLength = length - 1));
        Assert.Equal(ClaimInjectionErrorReason.HeadersTooLong, error.Reason);
    }

    [Fact]
    public async Task Object_with_the_subject_is_never_omitted_for_its_size()
    {
        await Assert.ThrowsAsync<ClaimInjectionException>(() => SentAsync(
            ClaimValueFormat.JsonObject,
            Users.With(("sub", "alice"), ("name", new string('n', 200))),
            synchronous: false,
            options =>
            {
                options.MaxHeaderValueLength = 100;
                options.OversizedValue = OversizedValueBehavior.Omit;
            }));
    }

    [Fact]
    public async Task Required_object_without_a_value_is_refused()
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Injection(backend, new PropertyAccessor(Users.With(("other", "x"))), options =>
            options.Headers.Add(new ClaimHeader(Header, "tenant") { Format = ClaimValueFormat.JsonObject, Required = true }));

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), CancellationToken.None));

        Assert.Equal(ClaimInjectionErrorReason.MissingClaim, error.Reason);
    }

    [Fact]
    public async Task What_the_caller_sent_under_the_name_is_replaced()
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Injection(
            backend, new PropertyAccessor(Users.With(("sub", "alice"))), options => AddObject(options, ClaimValueFormat.JsonObject));

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Get().WithHeader("X_User", """{"sub":"mallory"}"""), CancellationToken.None);

        Assert.Equal(["""{"sub":"alice"}"""], backend.Only.Values(Header));
        Assert.False(backend.Only.Has("X_User"));
    }

    [Fact]
    public void Object_binds_from_configuration()
    {
        IConfigurationSection section = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Client:AllowAnyOrigin"] = "true",
                ["Client:Headers:0:HeaderName"] = Header,
                ["Client:Headers:0:Format"] = "base64JsonObject",
                ["Client:Headers:0:ClaimTypes:0"] = "sub",
                ["Client:Headers:0:ClaimTypes:1"] = "email",
            })
            .Build().GetSection("Client");
        var services = new ServiceCollection();
        services.AddHttpClient("backend").AddClaimInjection(section);
        using ServiceProvider provider = services.BuildServiceProvider();

        ClaimInjectionOptions options = provider.GetRequiredService<IOptionsMonitor<ClaimInjectionOptions>>().Get("backend");

        ClaimHeader header = Assert.Single(options.Headers, header => header.HeaderName == Header);
        Assert.Equal(ClaimValueFormat.Base64JsonObject, header.Format);
    }

    [Fact]
    public void Path_or_code_beside_an_object_is_refused()
    {
        var path = new ClaimHeader(Header, "sub") { Format = ClaimValueFormat.JsonObject, JsonPath = "a" };
        var code = new ClaimHeader(Header, user => user.Identity?.Name) { Format = ClaimValueFormat.ClientPrincipal };

        foreach (ClaimHeader header in new[] { path, code })
        {
            var error = Assert.Throws<ArgumentException>(
                () => HttpTesting.Injection(
                    new RecordingHandler(), new PropertyAccessor(Users.Alice), options => options.Headers.Add(header)));
            Assert.Contains("Give it claim types alone", error.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<string?> SentAsync(
        ClaimValueFormat format, ClaimsPrincipal user, bool synchronous, Action<ClaimInjectionOptions>? configure = null)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Injection(backend, new PropertyAccessor(user), options =>
        {
            AddObject(options, format);
            configure?.Invoke(options);
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous);
        return backend.Only.Values(Header) is [var value] ? value : null;
    }

    private static void AddObject(ClaimInjectionOptions options, ClaimValueFormat format)
    {
        options.Headers.Clear();
        options.Headers.Add(new ClaimHeader(Header, Map) { Format = format });
    }
}
