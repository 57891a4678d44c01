using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Headers;

/// <summary>
/// For any text that the wire format allows, decoders written from the specification alone restore what was sent to a real server, and the
/// request's head has no unexpected line.
/// </summary>
public sealed class WireFormatProperties : IAsyncLifetime
{
    private const int Iterations = 300;

    // Text of all planes, dense in characters that are special to a header, a list or a wrapper.
    private static readonly Gen<string> Piece = Gen.Frequency(
        (4, OneOf("\r\n", "\n", "\r", "\0", "\t", " ", "  ", ",", "%", "%2C", "=", "\"", "\\", ":", ";", "X-Evil: 1", "\u0085", "\u007F")),
        (1, OneOf("=?base64?", "?=", "=?base64?YQ==?=", "[\"a\"]")),
        (4, Gen.Char[' ', '~'].Select(c => c.ToString())),
        (3, Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).Select(value => new Rune(value).ToString())));

    private static readonly Gen<string> Text = Piece.Array[1, 12].Select(string.Concat).Where(text => !string.IsNullOrWhiteSpace(text));

    private WireServer _server = null!;

    public async Task InitializeAsync() => _server = await WireServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Mcp_encoding_round_trips_any_text() => await Text.SampleAsync(
        async text => Assert.Equal(text, McpHeaderEncoder.DecodeValue(await ArrivedAsync(text, HeaderValueEncoding.Mcp))),
        iter: Iterations, threads: 1);

    [Fact]
    public async Task Percent_encoding_round_trips_any_text() => await Text.SampleAsync(
        async text => Assert.Equal(text, Uri.UnescapeDataString(await ArrivedAsync(text, HeaderValueEncoding.Percent))),
        iter: Iterations, threads: 1);

    [Fact]
    public async Task Comma_separated_list_round_trips_any_items() => await Text.Array[1, 5].SampleAsync(
        async items =>
        {
            string header = await ListArrivedAsync(items, ClaimValueFormat.CommaSeparated);

            // A reader of quoted strings would interpret these characters.
            Assert.DoesNotContain(header, c => c is '"' or '\\');
            Assert.Equal(items, header.Split(',').Select(Uri.UnescapeDataString));
        },
        iter: Iterations, threads: 1);

    [Fact]
    public async Task Json_array_round_trips_any_items() => await Text.Array[1, 5].SampleAsync(
        async items => Assert.Equal(items, JsonSerializer.Deserialize<string[]>(await ListArrivedAsync(items, ClaimValueFormat.JsonArray))),
        iter: Iterations, threads: 1);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private Task<string> ArrivedAsync(string value, HeaderValueEncoding encoding) => ArrivedAsync(
        new ClaimHeader("X-User-Value", "value"), encoding, [new Claim("value", value)]);

    private Task<string> ListArrivedAsync(string[] items, ClaimValueFormat format) => ArrivedAsync(
        new ClaimHeader("X-User-Value", "value") { Format = format },
        HeaderValueEncoding.Mcp,
        [.. items.Select(item => new Claim("value", item))]);

    private async Task<string> ArrivedAsync(ClaimHeader header, HeaderValueEncoding encoding, Claim[] claims)
    {
        var accessor = new PropertyAccessor(new ClaimsPrincipal(new ClaimsIdentity(claims, "test")));
        using HttpMessageInvoker client = HttpTesting.Chain(new SocketsHttpHandler(), accessor, options =>
        {
            options.Headers.Clear();
            options.Headers.Add(header);
            options.Encoding = encoding;
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(_server.Uri.ToString()), synchronous: false);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        RawHead head = _server.Heads[^1];
        Assert.Equal(["Host", "X-User-Value"], head.Headers.Select(line => line.Key));
        string arrived = Assert.Single(head.Values("X-User-Value"));
        Assert.All(arrived, c => Assert.InRange(c, ' ', '~'));
        return arrived;
    }
}
