using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Keys;

/// <summary>A key with a certificate verifies while the certificate is valid, however the receiver has it.</summary>
public sealed class CertificateTests : IDisposable
{
    private const string Certificate = "certificate";
    private const string CertificateOfCurve = "certificate of a curve";
    private const string Jwk = "JWK with x5c";
    private const string FetchedJwk = "fetched JWK with x5c";
    private const string FetchedJwkOfCurve = "fetched JWK with x5c of a curve";

    private static readonly string[] Forms = [Certificate, CertificateOfCurve, Jwk, FetchedJwk, FetchedJwkOfCurve];

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static TheoryData<string, int, int, bool> Times
    {
        get
        {
            var data = new TheoryData<string, int, int, bool>();
            foreach (string form in Forms)
            {
                // Seconds from now on: the certificate's start and its end. The skew is 30 seconds.
                data.Add(form, -3600, 3600, true);
                data.Add(form, -3600, -10, true);
                data.Add(form, -3600, -40, false);
                data.Add(form, 10, 3600, true);
                data.Add(form, 40, 3600, false);
            }

            return data;
        }
    }

    public void Dispose()
    {
        _rsa.Dispose();
        _curve.Dispose();
    }

    [Theory]
    [MemberData(nameof(Times))]
    public async Task Certificate_verifies_in_its_time_alone(string form, int start, int end, bool isAccepted)
    {
        using X509Certificate2 certificate = NewCertificate(form, start, end);
        await using AssertionHosts hosts = await StartAsync(form, certificate);

        HttpStatusCode status = await CallAsync(hosts, form);

        Assert.Equal(isAccepted ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, status);
        Assert.Equal(!isAccepted, HasReason(hosts));
    }

    [Fact]
    public async Task Certificate_that_expires_while_the_backend_runs_verifies_no_more()
    {
        using X509Certificate2 certificate = NewCertificate(Certificate, -3600, 60);
        await using AssertionHosts hosts = await StartAsync(Certificate, certificate);

        HttpStatusCode before = await CallAsync(hosts, Certificate);
        _time.Advance(TimeSpan.FromMinutes(2));
        HttpStatusCode after = await CallAsync(hosts, Certificate);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (before, after));
        Assert.True(HasReason(hosts));
    }

    [Theory]
    [InlineData(Jwk, "no Base64")]
    [InlineData(Jwk, "AAAA")]
    [InlineData(FetchedJwk, "AAAA")]
    public async Task Key_with_a_certificate_that_cannot_be_read_verifies_nothing(string form, string x5c)
    {
        using X509Certificate2 certificate = NewCertificate(form, -3600, 3600);
        await using AssertionHosts hosts = await StartAsync(form, certificate, x5c);

        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(hosts, form));
        Assert.True(HasReason(hosts));
    }

    [Fact]
    public async Task Valid_certificate_verifies_beside_an_expired_one_of_the_same_key()
    {
        using X509Certificate2 expired = NewCertificate(Certificate, -3600, -60);
        using X509Certificate2 renewed = NewCertificate(Certificate, -60, 3600);
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(time: _time, receive: options =>
        {
            options.Authority = null;
            options.Keys.Add(new X509SecurityKey(expired));
            options.Keys.Add(new X509SecurityKey(renewed));
        });

        Assert.Equal(HttpStatusCode.OK, await CallAsync(hosts, Certificate));
    }

    private async Task<AssertionHosts> StartAsync(string form, X509Certificate2 certificate, string? x5c = null)
    {
        AssertionHosts hosts = await AssertionHosts.StartAsync(time: _time, receive: options =>
        {
            if (!IsFetched(form))
            {
                options.Authority = null;
                options.Keys.Add(form == Jwk ? new JsonWebKey(JwkOf(form, certificate, x5c)) : new X509SecurityKey(certificate));
            }
        });
        if (IsFetched(form))
        {
            hosts.KeySet = context => context.Response.WriteAsync($$"""{"keys":[{{JwkOf(form, certificate, x5c)}}]}""");
        }

        return hosts;
    }

    private async Task<HttpStatusCode> CallAsync(AssertionHosts hosts, string form)
    {
        var draft = new AssertionDraft(hosts);
        draft.Header["kid"] = IdOf(form);
        if (IsOfCurve(form))
        {
            draft.SignWith(_curve);
        }
        else
        {
            draft.SignWith(_rsa);
        }

        // The token is in time: the certificate alone decides.
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        (draft.Payload["iat"], draft.Payload["nbf"], draft.Payload["exp"]) = (now, now, now + 60);
        using HttpResponseMessage response = await hosts.SendTokenAsync(draft.Sign());
        return response.StatusCode;
    }

    private static bool HasReason(AssertionHosts hosts) => hosts.Logs.GetSnapshot().Any(record => record.Level == LogLevel.Warning
        && record.Message.Contains("the certificate of its key has expired, is not valid yet", StringComparison.Ordinal));

    private X509Certificate2 NewCertificate(string form, int start, int end)
    {
        CertificateRequest request = IsOfCurve(form)
            ? new("CN=gateway", _curve, HashAlgorithmName.SHA256)
            : new("CN=gateway", _rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(_time.GetUtcNow().AddSeconds(start), _time.GetUtcNow().AddSeconds(end));
    }

    /// <summary>Gets the key's thumbprint (RFC 7638), which this library's sender names.</summary>
    private string IdOf(string form) => Base64UrlEncoder.Encode(
        IsOfCurve(form) ? new ECDsaSecurityKey(_curve).ComputeJwkThumbprint() : new RsaSecurityKey(_rsa).ComputeJwkThumbprint());

    private string JwkOf(string form, X509Certificate2 certificate, string? x5c)
    {
        RSAParameters key = _rsa.ExportParameters(includePrivateParameters: false);
        ECPoint point = _curve.ExportParameters(includePrivateParameters: false).Q;
        string parameters = IsOfCurve(form)
            ? $""" "kty": "EC", "crv": "P-256", "x": "{Base64UrlEncoder.Encode(point.X!)}", "y": "{Base64UrlEncoder.Encode(point.Y!)}" """
            : $""" "kty": "RSA", "n": "{Base64UrlEncoder.Encode(key.Modulus!)}", "e": "{Base64UrlEncoder.Encode(key.Exponent!)}" """;
        return $$"""{ {{parameters}}, "kid": "{{IdOf(form)}}", "x5c": [ "{{x5c ?? Convert.ToBase64String(certificate.RawData)}}" ] }""";
    }

    private static bool IsFetched(string form) => form.StartsWith("fetched", StringComparison.Ordinal);

    private static bool IsOfCurve(string form) => form.EndsWith("of a curve", StringComparison.Ordinal);
}
