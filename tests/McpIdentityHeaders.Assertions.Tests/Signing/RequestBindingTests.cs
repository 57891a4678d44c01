using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.Assertions.Tests.Signing;

/// <summary>A bound assertion proves one request: its method, URI, content and session.</summary>
public sealed class RequestBindingTests
{
    public static TheoryData<string> Contents => new(["none", "bytes", "text", "json", "stream", "multipart"]);

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task Bound_assertion_holds_the_digest_of_what_is_sent(string content)
    {
        byte[]? sent = null;
        await using AssertingClient client = NewClient(request => sent = request.Content is null ? [] : Read(request.Content));
        HttpRequestMessage request =
            HttpTesting.Post("https://notes.example.com/mcp?code=1#part").WithHeader("Mcp-Session-Id", "session-1");
        request.Content = NewContent(content);

        await client.SendAsync(request);

        JsonWebToken token = await client.ReadAsync(client.Token);
        Assert.Equal(
            ("POST", "https://notes.example.com/mcp", $"sha-256=:{Convert.ToBase64String(SHA256.HashData(sent!))}:", "session-1"),
            (token.GetPayloadValue<string>("htm"), token.GetPayloadValue<string>("htu"), token.GetPayloadValue<string>("content_digest"),
                token.GetPayloadValue<string>("mcp_session_id")));
        Assert.Equal($"sha-256=:{Convert.ToBase64String(SHA256.HashData("code=1"u8))}:", token.GetPayloadValue<string>("query_digest"));
        Assert.Equal(content == "none", sent!.Length == 0);
    }

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task Synchronous_request_is_bound_to_its_content(string content)
    {
        byte[]? sent = null;
        await using AssertingClient client = NewClient(request => sent = request.Content is null ? [] : Read(request.Content));

        await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "https://notes.example.com/mcp") { Content = NewContent(content) }, synchronous: true);

        JsonWebToken token = await client.ReadAsync(client.Token);
        Assert.Equal($"sha-256=:{Convert.ToBase64String(SHA256.HashData(sent!))}:", token.GetPayloadValue<string>("content_digest"));
        Assert.False(token.TryGetPayloadValue("query_digest", out string _));
    }

    [Fact]
    public async Task Content_that_changes_meanwhile_goes_out_as_it_was_hashed()
    {
        byte[]? sent = null;
        await using AssertingClient client = NewClient(request => sent = Read(request.Content!));
        var value = new CountingValue();

        await client.SendAsync(HttpTesting.Post("https://notes.example.com/mcp", JsonContent.Create(value)));

        Assert.Equal(
            $"sha-256=:{Convert.ToBase64String(SHA256.HashData(sent!))}:",
            new JsonWebToken(client.Token).GetPayloadValue<string>("content_digest"));
        Assert.Equal(1, value.Reads);
    }

    [Fact]
    public async Task Every_bound_assertion_has_an_id_of_its_own()
    {
        await using AssertingClient client = NewClient(_ => { });
        for (int index = 0; index < 10; index++)
        {
            await client.SendAsync();
        }

        var ids = new HashSet<string>();
        foreach (RecordedRequest request in client.Backend.Requests)
        {
            Assert.True(ids.Add((await client.ReadAsync(Assert.Single(request.Values("X-User-Assertion")))).Id));
        }
    }

    [Fact]
    public async Task Content_that_cannot_be_read_twice_is_refused()
    {
        await using AssertingClient client = NewClient(_ => { });
        using var stream = new OneWayStream();

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() =>
            client.SendAsync(HttpTesting.Post("https://notes.example.com/mcp", new StreamContent(stream))));

        Assert.Contains("BindRequest", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
        Assert.False(stream.WasRead);
    }

    private static AssertingClient NewClient(Action<HttpRequestMessage> onSent) => AssertingClient.For(
        Users.Alice,
        options => options.BindRequest = true,
        respond: request =>
        {
            onSent(request);
            return new HttpResponseMessage();
        });

    private static HttpContent? NewContent(string content) => content switch
    {
        "none" => null,
        "bytes" => new ByteArrayContent([0, 1, 2, 255]),
        "text" => new StringContent("é"),
        "json" => JsonContent.Create(new { Jsonrpc = "2.0" }),
        "stream" => new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(new string('x', 100_000)))),
        _ => new MultipartFormDataContent { { new StringContent("a"), "b" } },
    };

    private static byte[] Read(HttpContent content)
    {
        using var stream = new MemoryStream();
        content.CopyTo(stream, context: null, CancellationToken.None);
        return stream.ToArray();
    }

    private sealed class CountingValue
    {
        public int Count => ++Reads;

        internal int Reads { get; private set; }
    }

    private sealed class OneWayStream : MemoryStream
    {
        public bool WasRead { get; private set; }

        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer)
        {
            WasRead = true;
            return base.Read(buffer);
        }
    }
}
