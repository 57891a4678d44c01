using System.Net;
using CsCheck;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Whatever claims the one package sends, the other reads back, and nothing beside them.</summary>
public sealed class RoundTripProperties
{
    private const int Iterations = 200;

    [Theory]
    [InlineData(HeaderValueEncoding.Mcp, false)]
    [InlineData(HeaderValueEncoding.Mcp, true)]
    [InlineData(HeaderValueEncoding.Percent, false)]
    [InlineData(HeaderValueEncoding.Percent, true)]
    [InlineData(HeaderValueEncoding.Utf8, false)]
    [InlineData(HeaderValueEncoding.Utf8, true)]
    public async Task Single_value_arrives_as_it_was(HeaderValueEncoding encoding, bool http2)
    {
        Gen<string> text = encoding == HeaderValueEncoding.Utf8 ? ValueGenerators.Utf8Text : ValueGenerators.Text;

        await SampleAsync(ClaimValueFormat.Single, encoding, http2, text.Select(value => new[] { value }));
    }

    [Theory]
    [InlineData(ClaimValueFormat.CommaSeparated, HeaderValueEncoding.Mcp, false)]
    [InlineData(ClaimValueFormat.CommaSeparated, HeaderValueEncoding.Utf8, true)]
    [InlineData(ClaimValueFormat.JsonArray, HeaderValueEncoding.Mcp, true)]
    [InlineData(ClaimValueFormat.JsonArray, HeaderValueEncoding.Percent, false)]
    public async Task List_arrives_as_it_was(ClaimValueFormat format, HeaderValueEncoding encoding, bool http2) =>
        await SampleAsync(format, encoding, http2, ValueGenerators.Text.Array[1, 6]);

    private static async Task SampleAsync(ClaimValueFormat format, HeaderValueEncoding encoding, bool http2, Gen<string[]> values)
    {
        var wire = new WireText(format, encoding);
        await using ReceivingServer server = await ReceivingServer.StartAsync(
            options =>
            {
                ReceivingServer.TrustLoopback(options);
                options.Encoding = encoding;
                options.Headers.Add(wire.NewHeader());
            },
            http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        var services = new ServiceCollection();
        services.AddMcpClient("sender", server.Uri).AddClaimInjection(options =>
        {
            options.Encoding = encoding;
            options.Headers.Add(wire.NewHeader());
        });
        await using ServiceProvider provider = services.BuildServiceProvider();
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("sender");

        await values.SampleAsync(
            async sent =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, server.Uri)
                {
                    Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                };
                request.SetUser(WireText.UserWith(sent));
                using HttpResponseMessage response = await client.SendAsync(request);

                ReceivedUser user = await ReceivingServer.UserOfAsync(response);
                Assert.Equal(["u"], user.Values("sub"));
                Assert.Equal(sent, user.Values(WireText.ClaimType));
                Assert.Equal(sent.Length + 1, user.Claims.Count);
            },
            iter: Iterations,
            threads: 1);
    }
}
