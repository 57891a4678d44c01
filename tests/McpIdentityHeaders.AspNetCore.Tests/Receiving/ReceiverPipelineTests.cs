using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Where the receiver runs, and what servers other than Kestrel may hand it.</summary>
public sealed class ReceiverPipelineTests
{
    [Theory]
    [InlineData("127.0.0.0/8", "/", HttpStatusCode.OK)]
    [InlineData("10.0.0.0/8", "/", HttpStatusCode.Unauthorized)]
    [InlineData("10.0.0.0/8", "/no/such/path", HttpStatusCode.Unauthorized)]
    public async Task WebApplication_runs_it_by_itself(string trusted, string path, HttpStatusCode expected)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication().AddIdentityHeaders(options => options.TrustedPeers.Add(trusted));
        await using WebApplication app = builder.Build();
        app.MapGet("/", (ClaimsPrincipal user) => user.FindFirst("sub")?.Value ?? "anonymous");
        await app.StartAsync();

        RawResponse response = await RawHttp.GetAsync(new Uri(app.Urls.Single()), path, "X-User-Sub: alice");

        Assert.Equal(expected, (HttpStatusCode)response.Status);
        Assert.Equal(
            expected == HttpStatusCode.OK,
            System.Text.Encoding.UTF8.GetString(response.Body).Contains("alice", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ClaimValueFormat.Single, HeaderValueEncoding.Mcp, "{0}")]
    [InlineData(ClaimValueFormat.Single, HeaderValueEncoding.Percent, "{0}")]
    [InlineData(ClaimValueFormat.Single, HeaderValueEncoding.Utf8, "{0}")]
    [InlineData(ClaimValueFormat.CommaSeparated, HeaderValueEncoding.Mcp, "a,{0}")]
    [InlineData(ClaimValueFormat.JsonArray, HeaderValueEncoding.Mcp, "[\"{0}\"]")]
    public async Task Text_that_is_no_unicode_is_malformed(ClaimValueFormat format, HeaderValueEncoding encoding, string frame)
    {
        // Kestrel refuses such bytes itself; other servers decode headers in their own ways.
        foreach (string half in new[] { "\uD83E", "\uDD8A", "a\uD83Eb" })
        {
            using var server = new MemoryServer();
            await using ReceivingHost host = await ReceivingHost.StartAsync(
                schemes => schemes.AddIdentityHeaders(options =>
                {
                    options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", "0123456789abcdef"));
                    options.Encoding = encoding;
                    options.Headers.Add(new ClaimHeader("X-User-Value", "value") { Format = format });
                }),
                server: server);

            int status = await server.GetAsync(
                "/open",
                "127.0.0.1",
                ("X-User-Sub", "alice"),
                ("X-User-Value", frame.Replace("{0}", half, StringComparison.Ordinal)),
                ("X-Gateway-Secret", "0123456789abcdef"));

            Assert.Equal(400, status);
            Assert.Equal(["malformed"], host.Outcomes);
            Assert.Empty(host.Reached);
        }
    }
}
