using System.Net.ServerSentEvents;
using System.Text;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>Which events of a stream are shown to an observer, held against what the framework's parser reads of the same bytes.</summary>
public sealed class ObservedEventTests
{
    private const string Question = """{"jsonrpc":"2.0","id":7,"method":"ping","params":{"result":1}}""";
    private const string Notification = """{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"日本"}}""";
    private const string Response = """{"jsonrpc":"2.0","id":{"result":2},"result":{"content":[]}}""";

    public static TheoryData<string> Streams() =>
    [
        $"data: {Question}\n\ndata: {Notification}\n\n",
        $"data:{Question}\r\n\r\nevent: message\r\nid: 1\r\ndata:  {Notification}\r\n\r\n",
        $"data: {Question}\r\rdata: {Notification}\r\r",
        $": data: comment\ndat: x\ndatadata: y\ndata\nevent: data:\ndata: {Question}\nid: 1\n\n",
        "data: {\"jsonrpc\":\"2.0\",\ndata: \"id\":7,\ndata: \"method\":\"ping\"}\n\n",
        "data: {\"jsonrpc\":\"2.0\",\r\ndata: \"id\":7,\r\ndata: \"method\":\"ping\"}\r\n\r\n",
        "data: {\"jsonrpc\":\"2.0\",\rdata: \"id\":7,\rdata: \"method\":\"ping\"}\r\r\n",
        $"data: {Response}\n\ndata: {Question}\n\ndata: {Response}\n\ndata: {Notification}\n\n",
        $"\n\n\ndata: no JSON\n\ndata: {Question}\n\ndata: {Notification}",
    ];

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Events_are_observed_whatever_the_reads_are(string stream)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        string[] expected =
        [
            .. SseParser.Create(new MemoryStream(bytes)).Enumerate()
                .Select(item => item.Data.Trim())
                .Where(data => data is not ("" or Response)),
        ];

        foreach (int length in new[] { 1, 2, 3, 7, 64, bytes.Length })
        {
            string[] observed = await ReadAsync(bytes, length);

            // A response of which a read ends before it shows what it is may be observed too.
            Assert.Equal(expected, length == bytes.Length ? observed : observed.Where(data => data != Response));
        }
    }

    [Fact]
    public async Task Event_that_is_too_long_is_passed_on_unobserved()
    {
        string text = $"data: \"{new string('x', 2 * 1024 * 1024)}\"\n\ndata: {Question}\n\n";
        byte[] bytes = Encoding.UTF8.GetBytes(text);

        Assert.Equal([Question], await ReadAsync(bytes, length: 64 * 1024));
    }

    private static async Task<string[]> ReadAsync(byte[] bytes, int length)
    {
        List<string> observed = [];
        await using var stream = new EventObservingStream(
            new MemoryStream(bytes),
            data => observed.Add(Encoding.UTF8.GetString(data).Replace("\n ", "\n", StringComparison.Ordinal).Trim()));
        byte[] buffer = new byte[length];
        using var passedOn = new MemoryStream();
        int read;
        while ((read = await stream.ReadAsync(buffer)) > 0)
        {
            passedOn.Write(buffer, 0, read);
        }

        Assert.Equal(bytes, passedOn.ToArray());
        return [.. observed];
    }
}
