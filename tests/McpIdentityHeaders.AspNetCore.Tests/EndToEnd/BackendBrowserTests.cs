using System.Net;
using Backend;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>
/// The sample backend on a machine that trusts its whole network: a web page that gets a browser there to call is refused.
/// </summary>
public sealed class BackendBrowserTests
{
    private const string Page = "https://app.example.com";

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("LOCALHOST:80", HttpStatusCode.OK)]
    [InlineData("[::1]:5081", HttpStatusCode.OK)]
    [InlineData("rebound.example", HttpStatusCode.BadRequest)]
    [InlineData("rebound.example:5081", HttpStatusCode.BadRequest)]
    [InlineData("localhost.rebound.example", HttpStatusCode.BadRequest)]
    [InlineData("127.0.0.1.rebound.example", HttpStatusCode.BadRequest)]
    [InlineData("127.0.0.2", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    public async Task Host_of_another_name_is_refused(string host, HttpStatusCode expected)
    {
        await using RunningApp backend = await StartAsync("Development");

        Assert.Equal(expected, await SendAsync(backend, host));
    }

    [Theory]
    [InlineData("http://rebound.example")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://localhost:5081")]
    [InlineData("https://app.example.com:444")]
    [InlineData("http://app.example.com")]
    [InlineData("https://app.example.com.rebound.example")]
    [InlineData("https://app.example.com https://rebound.example")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Origin_of_another_page_is_refused(string origin)
    {
        await using RunningApp backend = await StartAsync(
            "Production", ("AllowedOrigins:0", "https://other.example"), ("AllowedOrigins:1", Page));

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(backend, "127.0.0.1", origin));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(backend, "127.0.0.1", Page));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(backend, "127.0.0.1"));
    }

    [Fact]
    public async Task Two_origins_are_refused()
    {
        await using RunningApp backend = await StartAsync("Production", ("AllowedOrigins:0", Page));

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(backend, "127.0.0.1", Page, Page));
    }

    [Theory, InlineData("Development"), InlineData("Production")]
    public async Task Page_is_refused_without_a_setting(string environment)
    {
        await using RunningApp backend = await StartAsync(environment);

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(backend, "127.0.0.1", Page));
    }

    [Fact]
    public async Task Names_of_a_setting_take_the_place_of_the_default_ones()
    {
        await using RunningApp backend = await StartAsync("Production", ("AllowedHosts", "backend.internal; *.example.com"));

        Assert.Equal(HttpStatusCode.OK, await SendAsync(backend, "backend.internal"));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(backend, "notes.example.com:8080"));
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(backend, "localhost"));
    }

    [Theory]
    [InlineData("AllowedHosts", "", "AllowedHosts has to be the names that gateways call this backend by")]
    [InlineData("AllowedHosts", " ; ", "AllowedHosts has to be the names that gateways call this backend by")]
    [InlineData("AllowedOrigins", Page, "AllowedOrigins has to be a list. Set AllowedOrigins__0 in the environment")]
    [InlineData("AllowedOrigins:0", "", "AllowedOrigins: '' is no origin as browsers send it")]
    [InlineData("AllowedOrigins:0", "*", "AllowedOrigins: '*' is no origin as browsers send it")]
    [InlineData("AllowedOrigins:0", "null", "AllowedOrigins: 'null' is no origin as browsers send it")]
    [InlineData("AllowedOrigins:0", "https://app.example.com/", "AllowedOrigins: 'https://app.example.com/' is no origin as browsers")]
    [InlineData("AllowedOrigins:0", "https://App.example.com", "AllowedOrigins: 'https://App.example.com' is no origin as browsers")]
    [InlineData("AllowedOrigins:0", "https://app.example.com:443", "AllowedOrigins: 'https://app.example.com:443' is no origin as")]
    public void Setting_that_is_wrong_is_named(string key, string value, string expected) => Assert.StartsWith(
        expected,
        Assert.Throws<InvalidOperationException>(() => BackendApp.Create(Settings("Production", (key, value)))).Message,
        StringComparison.Ordinal);

    private static Task<RunningApp> StartAsync(string environment, params IEnumerable<(string Key, string Value)> settings) =>
        RunningApp.StartAsync(BackendApp.Create(Settings(environment, settings)));

    private static string[] Settings(string environment, params IEnumerable<(string Key, string Value)> settings) =>
    [
        .. Deployment.Settings("Backend", [("IdentityHeaders:TrustedPeers:0", "127.0.0.1"), .. settings]),
        $"--environment={environment}",
    ];

    private static async Task<HttpStatusCode> SendAsync(RunningApp backend, string host, params string[] origins)
    {
        RawResponse response = await RawHttp.PostAsync(
            backend.Uri,
            host,
            "/mcp",
            RawInitialize.Message,
            [
                "X-User-Sub: alice",
                "Content-Type: application/json",
                "Accept: application/json, text/event-stream",
                .. origins.Select(origin => $"Origin: {origin}"),
            ]);
        return (HttpStatusCode)response.Status;
    }
}
