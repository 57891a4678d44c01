using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>A connection over which requests go as they are written.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;

    private RawClient(TcpClient tcp)
    {
        _tcp = tcp;
        _stream = tcp.GetStream();
    }

    public static async Task<RawClient> ConnectAsync(Uri server)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(server.Host, server.Port);
        return new RawClient(tcp);
    }

    /// <summary>Sends a GET with these lines, and gives the answer's body.</summary>
    public async Task<string> GetAsync(params string[] lines)
    {
        string head = string.Join("\r\n", ["GET / HTTP/1.1", "Host: gateway.test", .. lines, string.Empty, string.Empty]);
        await _stream.WriteAsync(Encoding.Latin1.GetBytes(head));

        const string Length = "Content-Length:";
        int length = 0;
        string line = await ReadLineAsync();
        Assert.StartsWith("HTTP/1.1 200", line, StringComparison.Ordinal);
        while (line.Length > 0)
        {
            if (line.StartsWith(Length, StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(line[Length.Length..], CultureInfo.InvariantCulture);
            }

            line = await ReadLineAsync();
        }

        byte[] body = new byte[length];
        await _stream.ReadExactlyAsync(body);
        return Encoding.UTF8.GetString(body);
    }

    /// <summary>Whether the server has closed its end without sending more.</summary>
    public async Task<bool> IsClosedAsync() => await _stream.ReadAsync(new byte[1]).AsTask().WaitAsync(AsyncGate.Patience) == 0;

    public void Dispose() => _tcp.Dispose();

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (line.Length < 2 || line[^2] != '\r' || line[^1] != '\n')
        {
            await _stream.ReadExactlyAsync(one);
            line.Append((char)one[0]);
        }

        return line.ToString(0, line.Length - 2);
    }
}
