using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.Assertions.Tests.Signing;

/// <summary>Settings from a configuration section: read strictly, followed while the program runs, and added up by several calls.</summary>
public sealed class AssertionConfigurationTests : IDisposable
{
    private readonly TemporaryKeyFile _file = new();
    private readonly ChangingSettings _settings;

    public AssertionConfigurationTests() =>
        _settings = new ChangingSettings(("Issuer", AssertingClient.Issuer), ("Keys:0:PemFile", _file.Path));

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Every_setting_of_a_section_counts()
    {
        using var rsa = RSA.Create(2048);
        _file.Write(rsa.ExportPkcs8PrivateKeyPem());
        _settings.Change(
            ("Audience", "notes"),
            ("Lifetime", "00:02:00"),
            ("HeaderName", "X-Signed-User"),
            ("TokenType", "JWT"),
            ("ReplaceHeaders", "true"),
            ("BindRequest", "true"), ("Actor", "gateway"), ("MaxTokenLength", "4096"), ("UseAuthorizationHeader", "false"),
            ("Keys:0:Algorithm", "PS256"));
        await using AssertingClient client = NewClient();

        await client.SendAsync();

        var token = new JsonWebToken(Assert.Single(client.Backend.Only.Values("X-Signed-User")));
        Assert.Equal(
            ("PS256", "JWT", "notes", TimeSpan.FromMinutes(2)),
            (token.Alg, token.Typ, token.Audiences.Single(), token.ValidTo - token.IssuedAt));
        Assert.True(token.TryGetPayloadValue("act", out object _));
        Assert.True(token.TryGetPayloadValue("content_digest", out object _));
        Assert.False(client.Backend.Only.Has("X-User-Sub"));
    }

    [Theory]
    [InlineData("Isuer", "x", "'Edge:Isuer' is not known")]
    [InlineData("Lifetime", "60", "'Edge:Lifetime' is no time span")]
    [InlineData("Lifetime", "00:00:00.5", "IdentityAssertionOptions.Lifetime")]
    [InlineData("BindRequest", "yes", "'Edge:BindRequest' is neither true nor false")]
    [InlineData("BindRequest", "", "'Edge:BindRequest' is empty")]
    [InlineData("MaxTokenLength", "1", "MaxTokenLength")]
    [InlineData("HeaderName", "Host", "'Host' cannot be configured")]
    [InlineData("Keys:1:Algorithm", "PS256", "'Edge:Keys:1' has no PemFile")]
    [InlineData("Keys:0:Password", "hunter2", "'Edge:Keys:0:Password' is not known")]
    [InlineData("Keys", "key.pem", "'Edge:Keys'")]
    public async Task Mistake_in_a_section_is_refused_with_its_place(string key, string value, string expected)
    {
        _settings.Change((key, value));
        if (key == "Keys")
        {
            _settings.Change(("Keys:0:PemFile", null));
        }

        await using AssertingClient client = NewClient();

        string message = client.StartupError().Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains("HttpClient 'backend'", message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_mistakes_are_reported_at_once_with_those_of_the_client()
    {
        _settings.Change(("Lifetime", "1"), ("Unknown", "1"));
        await using AssertingClient client = NewClient(options => options.MaxTotalLength = 0);

        string message = client.StartupError().Message;

        Assert.All(
            ["Edge:Lifetime", "Edge:Unknown", "MaxTotalLength"], expected => Assert.Contains(expected, message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_takes_effect_with_the_next_request()
    {
        await using AssertingClient client = NewClient();
        await client.SendAsync();

        _settings.Change(("Audience", "notes"), ("HeaderName", "X-Signed-User"), ("ReplaceHeaders", "true"));
        await client.SendAsync(HttpTesting.Post(AssertingClient.Endpoint.ToString()).WithHeader("X_Signed_User", "forged"));

        RecordedRequest changed = client.Backend.Requests[^1];
        Assert.Equal("notes", new JsonWebToken(Assert.Single(changed.Values("X-Signed-User"))).Audiences.Single());
        Assert.False(changed.Has("X-User-Assertion") || changed.Has("X-User-Sub") || changed.Has("X_Signed_User"));
    }

    [Theory]
    [InlineData("Issuer", "")]
    [InlineData("Issuer", null)]
    [InlineData("Unknown", "1")]
    [InlineData("Lifetime", "01:00:00")]
    [InlineData("HeaderName", "X-User-Sub")]
    [InlineData("Keys:0:PemFile", "/does/not/exist.pem")]
    [InlineData("Keys:0:PemFile", null)]
    public async Task Invalid_change_leaves_the_last_good_settings_and_is_logged(string key, string? value)
    {
        await using AssertingClient client = NewClient();
        await client.SendAsync();
        string before = client.Token;

        _settings.Change((key, value));
        await client.SendAsync();

        Assert.Equal(before, client.Token);
        Assert.Single(client.Logs.GetSnapshot(), record => record.Level == LogLevel.Error && record.Id.Name == "SettingsRefused");
    }

    [Fact]
    public async Task Changed_header_map_signs_anew_under_the_new_names()
    {
        var map = new ChangingSettings(("Headers:0:HeaderName", "X-User-Unit"), ("Headers:0:ClaimTypes:0", "team"));
        await using AssertingClient client = AssertingClient.For(
            Users.With(("sub", "alice"), ("team", "red"), ("unit", "red")),
            build: builder => builder.AddClaimInjection(map.NewSection()).AddIdentityAssertion(_settings.NewSection()));
        await client.SendAsync();
        Assert.Equal("red", new JsonWebToken(client.Token).GetPayloadValue<string>("team"));

        map.Change(("Headers:0:ClaimTypes:0", "unit"));
        await client.SendAsync();

        var token = new JsonWebToken(client.Token);
        Assert.Equal("red", token.GetPayloadValue<string>("unit"));
        Assert.False(token.TryGetPayloadValue("team", out string _));
    }

    [Fact]
    public async Task Changed_header_map_with_a_claim_that_is_taken_is_refused()
    {
        var map = new ChangingSettings(("Headers:0:HeaderName", "X-User-Unit"), ("Headers:0:ClaimTypes:0", "team"));
        await using AssertingClient client = AssertingClient.For(
            Users.With(("sub", "alice"), ("exp", "4000000000")),
            build: builder => builder.AddClaimInjection(map.NewSection()).AddIdentityAssertion(_settings.NewSection()));
        await client.SendAsync();

        map.Change(("Headers:0:ClaimTypes:0", "exp"));
        await client.SendAsync();

        Assert.Equal(TimeSpan.FromSeconds(60), new JsonWebToken(client.Token).ValidTo - client.Time.GetUtcNow().UtcDateTime);
        Assert.False(client.Backend.Requests[^1].Has("X-User-Unit"));
    }

    [Fact]
    public async Task Key_that_was_read_survives_a_change_of_other_settings()
    {
        await using AssertingClient client = NewClient();
        await client.SendAsync();
        string key = new JsonWebToken(client.Token).Kid;

        _file.Write("-----BEGIN PRIVATE KEY-----");
        client.Time.Advance(TimeSpan.FromSeconds(5));
        _settings.Change(("Audience", "notes"));
        await client.SendAsync();

        var token = new JsonWebToken(client.Token);
        Assert.Equal(("notes", key), (token.Audiences.Single(), token.Kid));
    }

    [Fact]
    public async Task Key_file_that_is_named_no_more_verifies_nothing_at_once()
    {
        using var next = new TemporaryKeyFile();
        await using AssertingClient client = NewClient();
        await client.SendAsync();
        string before = client.Token;

        _settings.Change(("Keys:0:PemFile", next.Path));
        await client.SendAsync();

        Assert.True((await client.ValidateAsync(client.Token)).IsValid);
        Assert.False((await client.ValidateAsync(before)).IsValid);
    }

    [Fact]
    public async Task Development_key_stays_the_same_through_a_change()
    {
        var settings = new ChangingSettings(("Issuer", AssertingClient.Issuer));
        await using AssertingClient client = AssertingClient.For(Users.Alice, build: builder => builder
            .AddIdentityAssertion(settings.NewSection()).AddIdentityAssertion(options => options.Keys.AddDevelopmentKey()));
        await client.SendAsync();
        string key = new JsonWebToken(client.Token).Kid;

        settings.Change(("Audience", "notes"));
        await client.SendAsync();

        var token = new JsonWebToken(client.Token);
        Assert.Equal(("notes", key), (token.Audiences.Single(), token.Kid));
        Assert.Single(
            client.Logs.GetSnapshot(),
            record => record.Id.Name == "DevelopmentKey" && record.Category == "McpIdentityHeaders.IdentityAssertion");
    }

    [Fact]
    public async Task Called_twice_it_sends_one_assertion_with_the_settings_of_both()
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, build: builder => builder
            .AddIdentityAssertion(_settings.NewSection())
            .AddIdentityAssertion(_settings.NewSection())
            .AddIdentityAssertion(options => options.Audience = "notes"));

        await client.SendAsync();

        Assert.Equal("notes", new JsonWebToken(client.Token).Audiences.Single());
        Assert.Single(client.Services.GetRequiredKeyedService<McpIdentityHeaders.Internal.IdentityAssertionState>(AssertingClient.Name)
            .Plan.Keys.GetPublicKeys().Select(key => key.KeyId).Distinct());
    }

    [Fact]
    public void Client_without_a_name_is_refused()
    {
        IHttpClientBuilder builder = new ServiceCollection().AddHttpClient(Options.DefaultName);

        Assert.Throws<ArgumentException>(() => builder.AddIdentityAssertion(_ => { }));
        Assert.Throws<ArgumentException>(() => builder.AddIdentityAssertion(_settings.NewSection()));
    }

    private AssertingClient NewClient(Action<ClaimInjectionOptions>? injection = null) => AssertingClient.For(
        Users.Alice, injection: injection, build: builder => builder.AddIdentityAssertion(_settings.NewSection()));
}
