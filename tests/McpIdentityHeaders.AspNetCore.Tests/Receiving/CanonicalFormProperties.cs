using System.Net;
using System.Text;
using CsCheck;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Whatever bytes come as a value, they are refused, or are the very bytes that the sender writes for what was read.</summary>
public sealed class CanonicalFormProperties
{
    private const int Iterations = 300;

    public static TheoryData<ClaimValueFormat, HeaderValueEncoding> Forms => new()
    {
        { ClaimValueFormat.Single, HeaderValueEncoding.Mcp },
        { ClaimValueFormat.Single, HeaderValueEncoding.Percent },
        { ClaimValueFormat.Single, HeaderValueEncoding.Utf8 },
        { ClaimValueFormat.CommaSeparated, HeaderValueEncoding.Mcp },
        { ClaimValueFormat.JsonArray, HeaderValueEncoding.Mcp },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Changed_value_is_refused_or_the_one_form_of_what_was_read(ClaimValueFormat format, HeaderValueEncoding encoding)
    {
        var wire = new WireText(format, encoding);
        Gen<string> text = encoding == HeaderValueEncoding.Utf8 ? ValueGenerators.Utf8Text : ValueGenerators.Text;
        Gen<string[]> values = format == ClaimValueFormat.Single ? text.Select(value => new[] { value }) : text.Array[1, 4];

        await SampleAsync(wire, encoding, Gen.Select(values, ValueGenerators.Mutation).Select(sample => (Func<Task<string>>)(async () =>
        {
            (string[] sent, (double place, int removed, string added)) = sample;
            string valid = (await wire.OfAsync(sent))!;
            int at = (int)(place * valid.Length);
            return valid.Remove(at, Math.Min(removed, valid.Length - at)).Insert(at, added);
        })));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Random_bytes_are_refused_or_the_one_form_of_what_was_read(ClaimValueFormat format, HeaderValueEncoding encoding)
    {
        // Mostly printable, since Kestrel itself refuses most others.
        Gen<string> bytes = Gen
            .Frequency((20, Gen.Char['!', '~']), (1, Gen.Char[' ', '\u00FF']), (3, ValueGenerators.OneOf(',', '%', '=', '"', '[', ']')))
            .Array[1, 12].Select(chars => new string(chars));

        await SampleAsync(new WireText(format, encoding), encoding, Gen.Select(bytes, Gen.Int[0, 3]).Select(sample =>
        {
            (string value, int frame) = sample;
            string framed = (format, frame) switch
            {
                (_, 0) => value,
                (ClaimValueFormat.JsonArray, _) => $"[\"{value}\"]",
                (ClaimValueFormat.Single, 1) => $"=?base64?{value}?=",
                (ClaimValueFormat.Single, 2) => $"=?base64?{Convert.ToBase64String(Encoding.Latin1.GetBytes(value))}?=",
                _ => $"x{value}y",
            };
            return (Func<Task<string>>)(() => Task.FromResult(framed));
        }));
    }

    private static async Task SampleAsync(WireText wire, HeaderValueEncoding encoding, Gen<Func<Task<string>>> makers)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.Encoding = encoding;
            options.Headers.Add(wire.NewHeader());
        });
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1 };
        using var client = new HttpClient(handler);
        int accepted = 0;
        int refused = 0;

        await makers.SampleAsync(
            async make =>
            {
                string value = await make();
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Uri, "/open"));
                Assert.True(request.Headers.TryAddWithoutValidation("X-User-Sub", "u"));
                Assert.True(request.Headers.TryAddWithoutValidation(WireText.HeaderName, value));
                using HttpResponseMessage response = await client.SendAsync(request);

                if (response.StatusCode == HttpStatusCode.BadRequest)
                {
                    refused++;
                    return;
                }

                string[] read = (await ReceivingServer.UserOfAsync(response)).Values(WireText.ClaimType);

                // HTTP/1.1 takes spaces and tabs around a value for none of it (RFC 9112, section 5).
                Assert.Equal(value.Trim(' ', '\t'), await wire.OfAsync(read));
                accepted++;
            },
            iter: Iterations,
            threads: 1);

        Assert.True(accepted > 0 && refused > 0, $"{accepted} accepted, {refused} refused: one of the two was never looked at.");
    }
}
