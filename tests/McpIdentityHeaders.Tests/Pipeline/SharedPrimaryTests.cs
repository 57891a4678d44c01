using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>A primary handler with sockets that several clients, or rotated pipelines of one client, share.</summary>
public sealed class SharedPrimaryTests
{
    [Fact]
    public async Task Utf8_clients_share_a_started_primary_handler()
    {
        await using WireServer server = await WireServer.StartAsync();
        using var shared = new SocketsHttpHandler();
        var services = new ServiceCollection();
        foreach (string name in new[] { "one", "two", "three" })
        {
            services.AddMcpClient(name, server.Uri)
                .AddClaimInjection(options => options.Encoding = HeaderValueEncoding.Utf8)
                .ConfigurePrimaryHttpMessageHandler(() => shared);
        }

        await using ServiceProvider provider = services.BuildServiceProvider();
        using IdentityScope scope = AmbientIdentity.Use(Users.With(("sub", "u"), ("name", "山田")));
        foreach (string name in new[] { "one", "two", "three", "one" })
        {
            using HttpClient client = provider.CreateHttpClient(name);
            using HttpResponseMessage response = await client.GetAsync(server.Uri);
        }

        Assert.Equal(4, server.Heads.Count);
        Assert.All(server.Heads, head => Assert.Single(head.Values("X-User-Name")));
    }

    [Fact]
    public async Task Configured_header_encoding_still_applies_to_other_headers()
    {
        await using WireServer server = await WireServer.StartAsync();
        using var primary = new SocketsHttpHandler { RequestHeaderEncodingSelector = (name, _) => name == "X-Title" ? Encoding.ASCII : null };
        using HttpMessageInvoker client = HttpTesting.Chain(
            primary, new PropertyAccessor(Users.With(("sub", "u"), ("name", "é"))), options => options.Encoding = HeaderValueEncoding.Utf8);

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Get(server.Uri.ToString()).WithHeader("X-Title", "é"), synchronous: false);

        // ASCII replaces what it does not have.
        Assert.Equal(["?"], server.OnlyHead.Values("X-Title"));
        Assert.Equal(["\u00C3\u00A9"], server.OnlyHead.Values("X-User-Name"));
    }
}
