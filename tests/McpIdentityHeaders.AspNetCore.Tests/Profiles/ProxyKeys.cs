using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Profiles;

/// <summary>A stand-in for a proxy's key server: the keys as a JWK set, and each as a PEM file under its id.</summary>
internal sealed class ProxyKeys : IAsyncDisposable
{
    public const string EcId = "0b7f6c39-8d1e-4c1b-9a55-5f3f1c2d3e4f";
    public const string RsaId = "9338abe1baf2fe492f646a736f25afbf7b025e35c627be4f60c414d4c73069b8";

    // One for all: to make one takes longer than a test.
    private static readonly RSA SharedRsa = RSA.Create(2048);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _fetched = new();

    private ProxyKeys(WebApplication app) => _app = app;

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public RSA Rsa { get; } = SharedRsa;

    public Uri KeySetUri => new(new Uri(_app.Urls.Single()), "/jwks");

    public Uri PemUri => new(new Uri(_app.Urls.Single()), "/pem");

    /// <summary>Gets the paths that were fetched.</summary>
    public IReadOnlyList<string> Fetched => [.. _fetched];

    /// <summary>Gets or sets what it answers for a PEM file, in place of the key.</summary>
    public RequestDelegate? PemResponse { get; set; }

    public static async Task<ProxyKeys> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");

        WebApplication app = builder.Build();
        var keys = new ProxyKeys(app);
        app.Use((context, next) =>
        {
            keys._fetched.Enqueue(context.Request.Path + context.Request.QueryString);
            return next(context);
        });
        app.MapGet("/jwks", keys.GetKeySet);
        app.MapGet("/pem/{kid}", keys.RespondPemAsync);
        await app.StartAsync();
        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Ec.Dispose();
    }

    private Dictionary<string, object> GetKeySet()
    {
        ECPoint point = Ec.ExportParameters(includePrivateParameters: false).Q;
        RSAParameters rsa = Rsa.ExportParameters(includePrivateParameters: false);
        return new Dictionary<string, object>
        {
            ["keys"] = new[]
            {
                new Dictionary<string, string>
                {
                    ["kty"] = "EC", ["crv"] = "P-256", ["use"] = "sig", ["alg"] = "ES256", ["kid"] = EcId,
                    ["x"] = Base64UrlEncoder.Encode(point.X), ["y"] = Base64UrlEncoder.Encode(point.Y),
                },
                new Dictionary<string, string>
                {
                    ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["kid"] = RsaId,
                    ["n"] = Base64UrlEncoder.Encode(rsa.Modulus), ["e"] = Base64UrlEncoder.Encode(rsa.Exponent),
                },
            },
        };
    }

    private Task RespondPemAsync(HttpContext context)
    {
        if (PemResponse is { } respond)
        {
            return respond(context);
        }

        if ((string?)context.Request.RouteValues["kid"] == EcId)
        {
            return context.Response.WriteAsync(Ec.ExportSubjectPublicKeyInfoPem());
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
