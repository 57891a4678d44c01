using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Health;

/// <summary>Whether assertions can be signed and verified, at /healthz.</summary>
public sealed class KeyHealthTests
{
    [Theory]
    [InlineData(null, 7)]
    [InlineData(2, 2)]
    public async Task Certificate_that_signs_is_reported_before_and_after_it_expires(int? warningDays, int expectedDays)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using X509Certificate2 certificate = NewCertificate(time.GetUtcNow().AddDays(10));
        await using HealthHost host = await StartSenderAsync(
            time, keys => keys.AddCertificate(certificate), warningDays is { } days ? TimeSpan.FromDays(days) : null);

        HealthAnswer before = await host.CheckAsync();
        time.Advance(TimeSpan.FromDays(10 - expectedDays) - TimeSpan.FromMinutes(1));
        HealthAnswer still = await host.CheckAsync();
        time.Advance(TimeSpan.FromMinutes(2));
        HealthAnswer soon = await host.CheckAsync();
        time.Advance(TimeSpan.FromDays(expectedDays));
        HealthAnswer after = await host.CheckAsync();

        Assert.Equal(["Healthy", "Healthy", "Degraded", "Unhealthy"], new[] { before, still, soon, after }.Select(answer => answer.Status));
        Assert.Contains("the certificate that signs expires at", soon.Body, StringComparison.Ordinal);
        Assert.Contains("no assertion can be signed", after.Body, StringComparison.Ordinal);
        Assert.Equal((200, 503), (soon.StatusCode, after.StatusCode));
    }

    [Fact]
    public async Task Key_without_an_end_stays_healthy()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using HealthHost host = await StartSenderAsync(time, keys => keys.AddDevelopmentKey());
        time.Advance(TimeSpan.FromDays(10_000));

        Assert.Equal("Healthy", (await host.CheckAsync()).Status);
    }

    [Theory]
    [InlineData("no key")]
    [InlineData(null)]
    public async Task Key_file_that_cannot_be_read_again_degrades_until_it_can(string? text)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("keys-");
        string file = Path.Combine(folder.FullName, "key.pem");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(file, key.ExportPkcs8PrivateKeyPem());
        await using HealthHost host = await StartSenderAsync(time, keys => keys.AddPemFile(file));

        HealthAnswer before = await host.CheckAsync();
        await ReplaceAsync(file, text);
        time.Advance(TimeSpan.FromSeconds(6));
        HealthAnswer broken = await host.CheckAsync();
        time.Advance(TimeSpan.FromSeconds(6));
        HealthAnswer stillBroken = await host.CheckAsync();
        await ReplaceAsync(file, key.ExportPkcs8PrivateKeyPem());
        time.Advance(TimeSpan.FromSeconds(6));
        HealthAnswer mended = await host.CheckAsync();
        folder.Delete(recursive: true);

        Assert.Equal(
            ["Healthy", "Degraded", "Degraded", "Healthy"], new[] { before, broken, stillBroken, mended }.Select(answer => answer.Status));
        Assert.Contains("a changed key was not taken, and the last one is in force", stillBroken.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receiver_fetches_its_keys_before_its_first_request()
    {
        await using AssertionHosts hosts = await StartReceiverAsync(new FakeTimeProvider(DateTimeOffset.UtcNow));
        using var http = new HttpClient { BaseAddress = hosts.Backend };

        HealthAnswer first = await HealthHost.CheckAsync(http);
        HealthAnswer second = await HealthHost.CheckAsync(http);

        Assert.Equal(("Healthy", "Healthy", 1), (first.Status, second.Status, hosts.KeyFetches));
    }

    [Fact]
    public async Task Receiver_without_keys_is_unhealthy_until_its_issuer_is_back()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using AssertionHosts hosts = await StartReceiverAsync(time);
        using var http = new HttpClient { BaseAddress = hosts.Backend };
        hosts.KeySet = Fail;

        HealthAnswer away = await HealthHost.CheckAsync(http);
        HealthAnswer again = await HealthHost.CheckAsync(http);
        int fetches = hosts.KeyFetches;
        hosts.KeySet = null;
        time.Advance(TimeSpan.FromSeconds(11));
        HealthAnswer back = await HealthHost.CheckAsync(http);

        Assert.Equal(["Unhealthy", "Unhealthy", "Healthy"], new[] { away, again, back }.Select(answer => answer.Status));
        Assert.Contains("every assertion is refused", away.Body, StringComparison.Ordinal);
        Assert.Equal(1, fetches);
    }

    [Fact]
    public async Task Receiver_is_degraded_where_its_keys_could_not_be_fetched_again()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using AssertionHosts hosts = await StartReceiverAsync(time);
        using var http = new HttpClient { BaseAddress = hosts.Backend };
        var unknown = new AssertionDraft(hosts) { Header = { ["kid"] = "unknown" } };

        HealthAnswer before = await HealthHost.CheckAsync(http);
        hosts.KeySet = Fail;
        time.Advance(TimeSpan.FromSeconds(11));
        using HttpResponseMessage refused = await hosts.SendTokenAsync(unknown.Sign());
        HealthAnswer stale = await HealthHost.CheckAsync(http);
        hosts.KeySet = null;
        time.Advance(TimeSpan.FromSeconds(11));
        using HttpResponseMessage stillRefused = await hosts.SendTokenAsync(unknown.Sign());
        HealthAnswer after = await HealthHost.CheckAsync(http);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(["Healthy", "Degraded", "Healthy"], new[] { before, stale, after }.Select(answer => answer.Status));
        Assert.DoesNotContain("alice", stale.Body, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(-1, "Unhealthy")]
    [InlineData(1, "Healthy")]
    public async Task Receiver_without_a_certificate_in_its_time_is_unhealthy(int endsInDays, string expected)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(10));
        using X509Certificate2 certificate = NewCertificate(time.GetUtcNow().AddDays(endsInDays));
        await using AssertionHosts hosts = await StartReceiverAsync(time, options =>
        {
            options.Authority = null;
            options.Keys.Add(new X509SecurityKey(certificate));
        });
        using var http = new HttpClient { BaseAddress = hosts.Backend };

        HealthAnswer answer = await HealthHost.CheckAsync(http);

        Assert.Equal(
            (expected, expected == "Unhealthy"),
            (answer.Status, answer.Body.Contains("no certificate of ReceivedAssertionOptions.Keys is valid", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Check_without_keys_stops_the_host()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            HealthHost.StartAsync(services => services.AddHealthChecks().AddIdentityAssertionKeys()));

        Assert.StartsWith(
            "Health check 'identity-assertion-keys': no client signs assertions and no scheme verifies them",
            refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Warning_after_the_end_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => new ServiceCollection().AddHealthChecks().AddIdentityAssertionKeys(expiryWarning: TimeSpan.FromTicks(-1)));

    private static Task<HealthHost> StartSenderAsync(
        TimeProvider time, Action<IdentityAssertionKeys> keys, TimeSpan? expiryWarning = null) =>
        HealthHost.StartAsync(services =>
        {
            services.AddSingleton(time);
            services.AddMcpClient(McpTesting.ClientName, new Uri("https://backend.example.com/mcp")).AddIdentityAssertion(options =>
            {
                options.Issuer = "https://gateway.example.com";
                keys(options.Keys);
            });
            services.AddHealthChecks().AddIdentityAssertionKeys(expiryWarning: expiryWarning);
        });

    private static Task<AssertionHosts> StartReceiverAsync(
        TimeProvider time, Action<ReceivedAssertionOptions>? receive = null) => AssertionHosts.StartAsync(
        receive: receive,
        services: services =>
        {
            services.AddSingleton(time);
            services.AddHealthChecks().AddIdentityAssertionKeys();
        },
        map: HealthHost.Map);

    private static Task Fail(Microsoft.AspNetCore.Http.HttpContext context)
    {
        context.Response.StatusCode = (int)HttpStatusCode.NotFound;
        return Task.CompletedTask;
    }

    private static async Task ReplaceAsync(string file, string? text)
    {
        File.Delete(file);
        if (text is not null)
        {
            await File.WriteAllTextAsync(file, text);
        }
    }

    private static X509Certificate2 NewCertificate(DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=gateway", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), notAfter);
    }
}
