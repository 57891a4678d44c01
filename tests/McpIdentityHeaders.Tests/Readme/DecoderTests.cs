using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using McpIdentityHeaders.Internal;
using McpIdentityHeaders.Tests.Headers;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>Every decoder that docs/receiving.md shows, and the receiver's own, over the values of vectors.json.</summary>
public sealed partial class DecoderTests
{
    private const string CallWithNode = """

        const values = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log(JSON.stringify(values.map(value => { try { return decode(value); } catch { return null; } })));
        """;

    private const string CallWithPython = """

        import json, sys
        def attempt(value):
            try:
                return decode(value)
            except ValueError:
                return None
        print(json.dumps([attempt(value) for value in json.load(sys.stdin.buffer)]))
        """;

    [Fact]
    public void There_are_vectors_of_both_outcomes()
    {
        Assert.All(ReceivedVector.All, vector => Assert.NotEqual(vector.Refused, vector.Text is not null));
        Assert.True(ReceivedVector.All.Count(vector => vector.Refused) > 60);
        Assert.True(ReceivedVector.All.Count(vector => !vector.Refused) > 20);
    }

    [Fact]
    public void Vectors_are_what_the_encoder_writes()
    {
        foreach (ReceivedVector vector in ReceivedVector.All.Where(vector => !vector.Refused))
        {
            Assert.Equal(vector.Value, HeaderValueEncoder.EncodeSingle(vector.Text!, HeaderValueEncoding.Mcp));
        }
    }

    [Fact]
    public void Page_shows_a_decoder_in_each_of_three_languages() =>
        Assert.Equal(["csharp", "ts", "python"], Decoders().Select(decoder => decoder.Language));

    [Fact]
    public void Receiver_decodes_every_vector() =>
        AssertDecodes(value => HeaderValueDecoder.Decode(value, ClaimValueFormat.Single, HeaderValueEncoding.Mcp)?.Single());

    [Fact]
    public void CSharp_decoder_decodes_every_vector() => AssertDecodes(value =>
    {
        try
        {
            return DecodeSnippet.Decode(value);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentOutOfRangeException)
        {
            return null;
        }
    });

    [ProgramFact("node")]
    public Task TypeScript_decoder_decodes_every_vector() =>
        // Node.js strips types from version 22 on; the decoder's are all strings.
        AssertDecodesAsync("node", "-e", Decoder("ts").Replace(": string", string.Empty, StringComparison.Ordinal) + CallWithNode);

    [ProgramFact("python3")]
    public Task Python_decoder_decodes_every_vector() => AssertDecodesAsync("python3", "-c", Decoder("python") + CallWithPython);

    [Fact]
    public void Sdk_alone_differs_on_what_the_wire_format_says()
    {
        ReceivedVector[] vectors = [.. ReceivedVector.All.Where(vector => Sdk(vector.Value) != vector.Text)];
        string[] differing = [.. vectors.Select(vector => vector.Name)];

        Assert.All(vectors, vector => Assert.True(vector.Refused, vector.Name));
        Assert.Contains("a line feed at the end", differing);
        Assert.Contains("raw Latin-1", differing);
        Assert.Contains("plain text in a wrapper", differing);
        Assert.Contains("an empty wrapper", differing);
        Assert.Contains("inside: space", differing);
        Assert.Contains("bits left over of two", differing);
    }

    private static string? Sdk(string value)
    {
        try
        {
            return McpHeaderEncoder.DecodeValue(value);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static void AssertDecodes(Func<string, string?> decode) => AssertDecoded([.. Values().Select(decode)]);

    private static async Task AssertDecodesAsync(string program, string option, string script)
    {
        var start = new ProcessStartInfo(program, [option, script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["PYTHONIOENCODING"] = "utf-8" },
        };
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(Values()));
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(0, process.ExitCode);
        AssertDecoded(JsonSerializer.Deserialize<string?[]>(output)!);
    }

    /// <summary>The values for receivers, and all that senders send in the default encoding.</summary>
    private static string[] Values() =>
        [.. ReceivedVector.All.Select(vector => vector.Value), .. Sent().Select(sent => sent.Value)];

    private static IEnumerable<(string Value, string Text)> Sent() =>
        from vector in VectorCase.All
        where vector is { Rejected: false, Headers: null, Encoding: HeaderValueEncoding.Mcp } && vector.Expect.ContainsKey("X-User-Sub")
        select (vector.Expect["X-User-Sub"], (vector.User.FindFirst("sub") ?? vector.User.FindFirst(ClaimTypes.NameIdentifier))!.Value);

    private static void AssertDecoded(string?[] texts)
    {
        string?[] expected = [.. ReceivedVector.All.Select(vector => vector.Text), .. Sent().Select(sent => sent.Text)];
        string[] names = [.. ReceivedVector.All.Select(vector => vector.Name), .. Sent().Select(sent => sent.Value)];

        Assert.Equal(expected.Zip(names), texts.Zip(names));
    }

    private static string Decoder(string language) => Decoders().Single(decoder => decoder.Language == language).Source;

    private static IEnumerable<(string Language, string Source)> Decoders() =>
        from block in CodeBlock().Matches(File.ReadAllText(Path.Combine(Folder(), "..", "..", "..", "docs", "receiving.md")))
        where block.Groups["source"].Value.Contains("base64", StringComparison.OrdinalIgnoreCase)
            || block.Groups["source"].Value.Contains("decode", StringComparison.OrdinalIgnoreCase)
        select (block.Groups["language"].Value, block.Groups["source"].Value);

    private static string Folder([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;

    [GeneratedRegex("^```(?<language>.+?)\r?\n(?<source>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
