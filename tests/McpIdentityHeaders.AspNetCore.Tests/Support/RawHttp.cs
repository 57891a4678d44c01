using System.Net.Sockets;
using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>HTTP/1.1 by hand, for header lines that HttpClient would merge, refuse or change. A character is a byte.</summary>
internal static class RawHttp
{
    public static Task<RawResponse> GetAsync(Uri server, string path, params string[] lines) =>
        ConnectAsync(server, stream => GetAsync(stream, path, lines));

    public static Task<RawResponse> GetAsync(Stream stream, string path, params string[] lines) =>
        SendAsync(stream, $"GET {path} HTTP/1.1", ["Host: backend.test", .. lines], string.Empty);

    /// <summary>Posts to a server under any name, or none.</summary>
    public static Task<RawResponse> PostAsync(Uri server, string host, string path, string body, params string[] lines) =>
        ConnectAsync(server, stream => SendAsync(
            stream, $"POST {path} HTTP/1.1", [$"Host: {host}", $"Content-Length: {Encoding.Latin1.GetByteCount(body)}", .. lines], body));

    private static async Task<RawResponse> ConnectAsync(Uri server, Func<Stream, Task<RawResponse>> sendAsync)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.IdnHost.Trim('[', ']'), server.Port);
        await using NetworkStream stream = client.GetStream();
        return await sendAsync(stream);
    }

    private static async Task<RawResponse> SendAsync(Stream stream, string start, string[] lines, string body)
    {
        string message = string.Join("\r\n", [start, .. lines, "Connection: close", string.Empty, body]);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(message));

        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return Parse(all.ToArray());
    }

    private static RawResponse Parse(byte[] bytes)
    {
        int end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.True(end > 0, "The server closed the connection without a response.");
        string[] lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        return new RawResponse(
            int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture),
            [.. lines[1..].Select(line => line.Split(':', 2)).Select(pair => KeyValuePair.Create(pair[0], pair[1].Trim(' ')))],
            bytes[(end + 4)..]);
    }
}
