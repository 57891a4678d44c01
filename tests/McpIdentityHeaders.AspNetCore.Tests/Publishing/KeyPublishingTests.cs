using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Publishing;

/// <summary>The public keys, and nothing else, for everyone.</summary>
public sealed class KeyPublishingTests
{
    [Fact]
    public async Task Key_set_has_the_public_parameters_alone()
    {
        using var rsa = RSA.Create(2048);
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            options => options.Keys.Add(new SigningCredentials(new RsaSecurityKey(rsa), SecurityAlgorithms.RsaSsaPssSha256)));
        using var http = new HttpClient { BaseAddress = hosts.Issuer };

        byte[] document = await http.GetByteArrayAsync("/.well-known/jwks.json");

        using JsonDocument keys = JsonDocument.Parse(document);
        Assert.Equal(
            ["kty use alg kid crv x y", "kty use alg kid n e"],
            keys.RootElement.GetProperty("keys").EnumerateArray()
                .Select(key => string.Join(' ', key.EnumerateObject().Select(member => member.Name))));
        ECParameters curve = hosts.Key.ExportParameters(includePrivateParameters: true);
        RSAParameters factors = rsa.ExportParameters(includePrivateParameters: true);
        string text = System.Text.Encoding.UTF8.GetString(document);
        Assert.All(
            [curve.D!, factors.D!, factors.P!, factors.Q!, factors.DP!, factors.DQ!, factors.InverseQ!],
            secret => Assert.DoesNotContain(Base64UrlEncoder.Encode(secret), text, StringComparison.Ordinal));
        Assert.Contains(Base64UrlEncoder.Encode(curve.Q.X!), text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discovery_points_to_the_key_set()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        using var http = new HttpClient { BaseAddress = hosts.Issuer };

        using JsonDocument discovery = JsonDocument.Parse(await http.GetStringAsync("/.well-known/openid-configuration"));

        string issuer = AssertionHosts.NameOf(hosts.Issuer);
        Assert.Equal(
            (issuer, $"{issuer}/.well-known/jwks.json"),
            (discovery.RootElement.GetProperty("issuer").GetString(), discovery.RootElement.GetProperty("jwks_uri").GetString()));
    }

    [Theory]
    [InlineData("/.well-known/jwks.json")]
    [InlineData("/.well-known/openid-configuration")]
    public async Task Document_may_be_cached_and_asked_about_again(string path)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        using var http = new HttpClient { BaseAddress = hosts.Issuer };
        using HttpResponseMessage first = await http.GetAsync(path);
        EntityTagHeaderValue tag = first.Headers.ETag!;

        using var again = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { tag } } };
        using HttpResponseMessage second = await http.SendAsync(again);
        using HttpResponseMessage head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));

        Assert.Equal("public, max-age=300", first.Headers.CacheControl!.ToString());
        Assert.Equal(("application/json", false), (first.Content.Headers.ContentType!.MediaType, tag.IsWeak));
        Assert.Equal((HttpStatusCode.NotModified, tag), (second.StatusCode, second.Headers.ETag));
        Assert.Equal((HttpStatusCode.OK, first.Content.Headers.ContentLength), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Clients_of_two_issuers_have_one_key_set_and_no_discovery()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting();
        foreach (string name in new[] { "one", "two" })
        {
            builder.Services.AddMcpClient(name, new Uri("https://backend.example.com/mcp")).AddIdentityAssertion(options =>
            {
                options.Issuer = $"https://{name}.example.com";
                options.Keys.AddDevelopmentKey();
            });
        }

        await using WebApplication app = builder.Build();
        app.MapIdentityAssertionKeys();
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        using HttpResponseMessage discovery = await http.GetAsync("/.well-known/openid-configuration");
        using JsonDocument keys = JsonDocument.Parse(await http.GetStringAsync("/.well-known/jwks.json"));

        Assert.Equal((HttpStatusCode.NotFound, 2), (discovery.StatusCode, keys.RootElement.GetProperty("keys").GetArrayLength()));
    }

    [Fact]
    public async Task Issuer_that_is_no_uri_has_no_discovery()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            options => options.Issuer = "gateway", options => options.Issuer = "gateway");
        using var http = new HttpClient { BaseAddress = hosts.Issuer };

        using HttpResponseMessage discovery = await http.GetAsync("/.well-known/openid-configuration");

        Assert.Equal(HttpStatusCode.NotFound, discovery.StatusCode);
    }
}
