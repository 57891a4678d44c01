using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>What the library's sending side writes for values, as bytes of the wire: a character is a byte.</summary>
internal sealed class WireText(ClaimValueFormat format, HeaderValueEncoding encoding)
{
    public const string HeaderName = "X-User-Value";
    public const string ClaimType = "value";

    /// <summary>Makes the header that the values travel in.</summary>
    public ClaimHeader NewHeader() => new(HeaderName, ClaimType) { Format = format };

    /// <summary>Makes a user who has the values.</summary>
    public static ClaimsPrincipal UserWith(params IEnumerable<string> values) =>
        Users.With([("sub", "u"), .. values.Select(value => (ClaimType, value))]);

    /// <summary>Gives the header for these values, or null where there is none.</summary>
    public async Task<string?> OfAsync(params string[] values)
    {
        if (format == ClaimValueFormat.Single && encoding == HeaderValueEncoding.Utf8)
        {
            // The bytes of the text: a handler that records has no bytes to show, and Utf8 goes over sockets only.
            return Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Assert.Single(values)));
        }

        var recorder = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Injection(recorder, new PropertyAccessor(UserWith(values)), options =>
        {
            options.Encoding = format == ClaimValueFormat.Single ? encoding : HeaderValueEncoding.Mcp;
            options.Headers.Add(NewHeader());
        });
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), CancellationToken.None);
        return recorder.Only.Values(HeaderName) is [var value] ? value : null;
    }
}
