using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace McpIdentityHeaders.Tests.Redirects;

public sealed class RedirectContentTests
{
    private const string Body = "{\"id\":1}";

    public static TheoryData<string, bool> Repeatable => Both("string", "bytes", "part of bytes", "memory", "json", "seekable stream");

    public static TheoryData<string, bool> NotRepeatable => Both("stream", "custom", "multipart of stream", "sequence as it is written");

    [Theory]
    [MemberData(nameof(Repeatable))]
    public async Task Content_that_can_be_sent_again_arrives_whole_after_a_redirect(string kind, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 307, "/mcp/"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

        Assert.Equal($"POST /mcp/ {Body}", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [MemberData(nameof(NotRepeatable))]
    public async Task Redirect_with_content_that_cannot_be_sent_again_is_returned(string kind, bool synchronous)
    {
        foreach (int status in new[] { 307, 308 })
        {
            await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", status, "/mcp/"));
            await using WiredClient client = WiredClient.For(Wiring.ByHand, Users.Alice, server.Uri);

            using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

            Assert.Equal((HttpStatusCode)status, response.StatusCode);
            Assert.Equal("/mcp/", response.Headers.Location!.OriginalString);
            Assert.Equal("moved", await response.Content.ReadAsStringAsync());
            Assert.Single(server.Heads);
        }
    }

    [Theory]
    [MemberData(nameof(NotRepeatable))]
    public async Task Without_identity_content_that_cannot_be_sent_again_is_not_sent_elsewhere_either(string kind, bool synchronous)
    {
        await using WireServer elsewhere = await WireServer.StartAsync(RedirectTesting.Echo);
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.Always(307, elsewhere.Uri.ToString()));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, user: null, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Empty(elsewhere.Heads);
    }

    [Theory]
    [MemberData(nameof(NotRepeatable))]
    public async Task Redirect_that_drops_the_content_is_followed_whatever_the_content(string kind, bool synchronous)
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 303, "/done"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(server.Uri.ToString(), Content(kind)), synchronous);

        Assert.Equal("GET /done", await response.Content.ReadAsStringAsync());
        Assert.Empty(server.Heads[^1].Values("Transfer-Encoding"));
        Assert.Empty(server.Heads[^1].Values("Content-Length"));
    }

    [Fact]
    public async Task Redirect_with_a_sequence_that_is_awaited_is_returned()
    {
        await using WireServer server = await WireServer.StartAsync(RedirectTesting.From("/mcp", 307, "/done"));
        await using WiredClient client = WiredClient.For(Wiring.NamedClient, Users.Alice, server.Uri);

        // Only SendAsync can write it.
        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Post(server.Uri.ToString(), Content("sequence that is awaited")), synchronous: false);

        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
    }

    private static HttpContent Content(string kind)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Body);
        return kind switch
        {
            "string" => new StringContent(Body),
            "bytes" => new ByteArrayContent(bytes),
            "part of bytes" => new ByteArrayContent([.. "--"u8, .. bytes, .. "--"u8], 2, bytes.Length),
            "memory" => new ReadOnlyMemoryContent(bytes),
            "json" => JsonContent.Create(new { id = 1 }),
            "seekable stream" => new StreamContent(StreamAfter("--"u8, bytes)),
            "stream" => new StreamContent(new OneWayStream(bytes)),
            "sequence as it is written" => JsonContent.Create(Enumerable.Range(0, 2).Select(id => new { id })),
            "sequence that is awaited" => JsonContent.Create(AsyncEnumerable.Range(0, 2)),
            "custom" => new CustomContent(bytes),
            "multipart of stream" => new MultipartContent { new StringContent(Body), new StreamContent(new OneWayStream(bytes)) },
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    /// <summary>A stream that has been read up to the content: only the rest is meant.</summary>
    private static MemoryStream StreamAfter(ReadOnlySpan<byte> read, byte[] rest) => new([.. read, .. rest]) { Position = read.Length };

    private static TheoryData<string, bool> Both(params string[] kinds)
    {
        var data = new TheoryData<string, bool>();
        foreach (string kind in kinds)
        {
            data.Add(kind, false);
            data.Add(kind, true);
        }

        return data;
    }

    private sealed class OneWayStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    /// <summary>A content of the user's own, of which nobody knows whether it writes the same a second time.</summary>
    private sealed class CustomContent(byte[] bytes) : HttpContent
    {
        protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            stream.Write(bytes);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
