using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.Assertions.Tests.Keys;

/// <summary>Which keys sign, what becomes of them when they change, and what is refused.</summary>
public sealed class KeyTests
{
    [Theory]
    [InlineData("EC", null, "ES256")]
    [InlineData("RSA", null, "RS256")]
    [InlineData("RSA", "PS256", "PS256")]
    public async Task Key_of_a_file_signs_with_its_algorithm(string kind, string? algorithm, string expected)
    {
        using var file = new TemporaryKeyFile();
        if (kind == "RSA")
        {
            using var rsa = RSA.Create(2048);
            file.Write(rsa.ExportRSAPrivateKeyPem());
        }

        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddPemFile(file.Path, algorithm));
        await client.SendAsync();

        Assert.Equal(expected, (await client.ReadAsync(client.Token)).Alg);
    }

    [Fact]
    public async Task Key_id_is_the_thumbprint()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string thumbprint = Base64UrlEncoder.Encode(new ECDsaSecurityKey(key).ComputeJwkThumbprint());
        await using AssertingClient client = AssertingClient.For(
            Users.Alice, options => options.Keys.Add(new SigningCredentials(new ECDsaSecurityKey(key) { KeyId = "mine" }, "ES256")));

        await client.SendAsync();

        Assert.Equal(thumbprint, (await client.ReadAsync(client.Token)).Kid);
    }

    [Fact]
    public async Task Changed_file_signs_without_a_restart_and_what_was_cached_does_not_go_out()
    {
        using var file = new TemporaryKeyFile();
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddPemFile(file.Path));
        await client.SendAsync();
        string before = new JsonWebToken(client.Token).Kid;

        file.WriteNewKey();
        client.Time.Advance(TimeSpan.FromSeconds(5));
        await client.SendAsync();

        Assert.NotEqual(before, (await client.ReadAsync(client.Token)).Kid);
    }

    [Fact]
    public async Task Unusable_change_leaves_the_last_key_and_is_logged_once()
    {
        using var file = new TemporaryKeyFile();
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddPemFile(file.Path));
        await client.SendAsync();
        string before = new JsonWebToken(client.Token).Kid;

        file.Write("no key");
        for (int look = 0; look < 3; look++)
        {
            client.Time.Advance(TimeSpan.FromSeconds(5));
            await client.SendAsync();
        }

        Assert.Equal(before, (await client.ReadAsync(client.Token)).Kid);
        FakeLogRecordOf(client, "a changed key was not taken");
        file.WriteNewKey();
        client.Time.Advance(TimeSpan.FromSeconds(5));
        await client.SendAsync();
        Assert.NotEqual(before, (await client.ReadAsync(client.Token)).Kid);
    }

    [Fact]
    public async Task First_key_signs_and_the_others_verify()
    {
        using var next = new TemporaryKeyFile();
        using var current = new TemporaryKeyFile();
        await using AssertingClient one = AssertingClient.For(Users.Alice, options =>
        {
            options.Keys.AddPemFile(current.Path);
            options.Keys.AddPemFile(next.Path);
        });
        await using AssertingClient other = AssertingClient.For(Users.Alice, options =>
        {
            options.Keys.AddPemFile(next.Path);
            options.Keys.AddPemFile(current.Path);
        });
        await one.SendAsync();
        await other.SendAsync();

        Assert.NotEqual(new JsonWebToken(one.Token).Kid, new JsonWebToken(other.Token).Kid);
        Assert.True((await one.ValidateAsync(other.Token)).IsValid);
        Assert.True((await other.ValidateAsync(one.Token)).IsValid);
    }

    [Theory]
    [InlineData(-2, -1)]
    [InlineData(1, 2)]
    public async Task Certificate_out_of_its_time_signs_nothing(int from, int to)
    {
        DateTimeOffset now = AssertingClient.For(user: null).Time.GetUtcNow();
        using X509Certificate2 certificate = NewCertificate(now.AddDays(from), now.AddDays(to));
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddCertificate(certificate));

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync());

        Assert.Equal(ClaimInjectionErrorReason.AssertionFailed, error.Reason);
        Assert.Contains("is valid from", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
    }

    [Fact]
    public async Task Certificate_signs()
    {
        DateTimeOffset now = AssertingClient.For(user: null).Time.GetUtcNow();
        using X509Certificate2 certificate = NewCertificate(now.AddDays(-1), now.AddDays(1));
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddCertificate(certificate));

        await client.SendAsync();

        Assert.Equal("alice", (await client.ReadAsync(client.Token)).Subject);
    }

    [Fact]
    public async Task Public_key_in_front_is_refused_at_startup()
    {
        using var file = new TemporaryKeyFile();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        file.Write(key.ExportSubjectPublicKeyInfoPem());
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddPemFile(file.Path));

        Assert.Contains("no private key", client.StartupError().Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Action<IdentityAssertionOptions>, string> Mistakes => new()
    {
        { "no issuer", options => options.Issuer = " ", "Issuer is not set" },
        { "too long", options => options.Lifetime = TimeSpan.FromMinutes(11), "Lifetime" },
        { "no time", options => options.Lifetime = TimeSpan.Zero, "Lifetime" },
        { "small", options => options.MaxTokenLength = 10, "MaxTokenLength" },
        { "no file", options => options.Keys.AddPemFile("/does/not/exist.pem"), "cannot be read" },
        {
            "HMAC",
            options => options.Keys.Add(new SigningCredentials(new SymmetricSecurityKey(new byte[32]), "HS256")),
            "ES256, RS256 or PS256"
        },
        { "secp256k1", options => options.Keys.Add(Credentials(ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10")))), "P-256" },
        { "P-384", options => options.Keys.Add(Credentials(ECDsa.Create(ECCurve.NamedCurves.nistP384))), "P-256" },
        { "small RSA", options => options.Keys.Add(new SigningCredentials(new RsaSecurityKey(RSA.Create(1024)), "RS256")), "2048 bits" },
        {
            "RSA for ES256",
            options => options.Keys.Add(new SigningCredentials(new RsaSecurityKey(RSA.Create(2048)), "ES256")),
            "RS256 or PS256"
        },
        { "public credentials", options => options.Keys.Add(Credentials(ECDsa.Create(PublicParameters()))), "no private key" },
        { "disposed key", options => options.Keys.Add(Credentials(Disposed())), "cannot be used" },
        { "no header", options => options.HeaderName = "", "HeaderName is empty" },
        { "reserved header", options => options.HeaderName = "Mcp-Assertion", "Mcp-Assertion" },
        { "identity header", options => options.HeaderName = "X_User_Sub", "X_User_Sub" },
        { "no actor", options => options.Actor = "", "Actor is empty" },
        { "no audience", options => options.Audience = "", "Audience is empty" },
        { "no type", options => options.TokenType = "", "TokenType is empty" },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public async Task Mistake_is_refused_at_startup(string what, Action<IdentityAssertionOptions> configure, string expected)
    {
        Assert.NotEmpty(what);
        await using AssertingClient client = AssertingClient.For(Users.Alice, configure);

        Assert.Contains(expected, client.StartupError().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_without_a_key_is_refused_at_startup()
    {
        var services = new ServiceCollection();
        services.AddMcpClient("notes", AssertingClient.Endpoint).AddIdentityAssertion(options => options.Issuer = AssertingClient.Issuer);
        await using ServiceProvider provider = services.BuildServiceProvider();

        var error =
            Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IHttpClientFactory>().CreateClient("notes"));

        Assert.Contains("Keys.AddPemFile", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_of_a_JWK_signs()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        JsonWebKey jwk = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new ECDsaSecurityKey(key) { KeyId = "mine" });
        await using AssertingClient client = AssertingClient.For(
            Users.Alice, options => options.Keys.Add(new SigningCredentials(jwk, SecurityAlgorithms.EcdsaSha256)));

        await client.SendAsync();

        Assert.Equal("alice", (await client.ReadAsync(client.Token)).Subject);
        Assert.Equal("mine", jwk.KeyId);
    }

    [Fact]
    public async Task Credentials_are_not_changed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var securityKey = new ECDsaSecurityKey(key) { KeyId = "mine" };
        await using AssertingClient client = AssertingClient.For(
            Users.Alice, options => options.Keys.Add(new SigningCredentials(securityKey, SecurityAlgorithms.EcdsaSha256)));

        await client.SendAsync();

        Assert.Equal("mine", securityKey.KeyId);
    }

    [Fact]
    public async Task Credentials_of_an_expired_certificate_sign_nothing()
    {
        DateTimeOffset now = AssertingClient.For(user: null).Time.GetUtcNow();
        using X509Certificate2 certificate = NewCertificate(now.AddDays(-2), now.AddDays(-1));
        await using AssertingClient client = AssertingClient.For(
            Users.Alice,
            options => options.Keys.Add(new SigningCredentials(new X509SecurityKey(certificate), SecurityAlgorithms.EcdsaSha256)));

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync());

        Assert.Contains("is valid from", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
    }

    [Fact]
    public async Task Key_that_fails_is_refused_without_its_message()
    {
        using var key = new FailingKey();
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.Add(Credentials(key)));
        await client.SendAsync();
        client.Time.Advance(TimeSpan.FromMinutes(1));
        key.Fails = true;

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync());

        Assert.Equal(ClaimInjectionErrorReason.AssertionFailed, error.Reason);
        Assert.DoesNotContain("vault", error.Message, StringComparison.Ordinal);
        Assert.Single(client.Backend.Requests);
    }

    [Fact]
    public async Task Replaced_key_still_verifies_what_is_under_way()
    {
        using var file = new TemporaryKeyFile();
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddPemFile(file.Path));
        await client.SendAsync();
        string underWay = client.Token;

        file.WriteNewKey();
        client.Time.Advance(TimeSpan.FromSeconds(5));
        await client.SendAsync();

        Assert.True((await client.ValidateAsync(underWay)).IsValid);
        client.Time.Advance(TimeSpan.FromMinutes(15));
        Assert.False((await client.ValidateAsync(underWay, parameters => parameters.ValidateLifetime = false)).IsValid);
    }

    [Theory]
    [InlineData("half")]
    [InlineData("empty")]
    [InlineData("gone")]
    [InlineData("encrypted")]
    [InlineData("another curve")]
    public async Task File_that_is_not_whole_leaves_the_last_key_for_all_who_send(string what)
    {
        using var file = new TemporaryKeyFile();
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Keys.AddPemFile(file.Path));
        await client.SendAsync();
        string before = new JsonWebToken(client.Token).Kid;
        string whole = File.ReadAllText(file.Path);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        switch (what)
        {
            case "half":
                file.Write(whole[..(whole.Length / 2)]);
                break;
            case "gone":
                File.Delete(file.Path);
                break;
            case "encrypted":
                file.Write(other.ExportEncryptedPkcs8PrivateKeyPem(
                    "p", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1)));
                break;
            case "another curve":
                file.Write(other.ExportPkcs8PrivateKeyPem());
                break;
            default:
                file.Write(string.Empty);
                break;
        }

        client.Time.Advance(TimeSpan.FromMinutes(1));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => client.SendAsync())));

        foreach (RecordedRequest request in client.Backend.Requests)
        {
            Assert.Equal(before, (await client.ReadAsync(Assert.Single(request.Values(AssertingClient.Header)), ignoreLifetime: true)).Kid);
        }

        FakeLogRecordOf(client, "a changed key was not taken");
        Assert.DoesNotContain(client.Logs.GetSnapshot(), record => record.Message.Contains("BEGIN", StringComparison.Ordinal));
    }

    private static SigningCredentials Credentials(ECDsa key) => new(new ECDsaSecurityKey(key), SecurityAlgorithms.EcdsaSha256);

    private static ECParameters PublicParameters()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportParameters(includePrivateParameters: false);
    }

    private static ECDsa Disposed()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        key.Dispose();
        return key;
    }

    private static void FakeLogRecordOf(AssertingClient client, string text) => Assert.Single(
        client.Logs.GetSnapshot(), record => record.Level == LogLevel.Error && record.Message.Contains(text, StringComparison.Ordinal));

    private static X509Certificate2 NewCertificate(DateTimeOffset from, DateTimeOffset to)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256).CreateSelfSigned(from, to);
    }

    /// <summary>A key as of a vault, which may be away.</summary>
    private sealed class FailingKey : ECDsa
    {
        private readonly ECDsa _key = Create(ECCurve.NamedCurves.nistP256);

        public bool Fails { get; set; }

        public override int KeySize => _key.KeySize;

        public override byte[] SignHash(byte[] hash) =>
            Fails ? throw new HttpRequestException("the vault says alice") : _key.SignHash(hash);

        public override bool VerifyHash(byte[] hash, byte[] signature) => _key.VerifyHash(hash, signature);

        public override ECParameters ExportParameters(bool includePrivateParameters) =>
            _key.ExportParameters(includePrivateParameters: false);

        protected override void Dispose(bool disposing)
        {
            _key.Dispose();
            base.Dispose(disposing);
        }
    }
}
