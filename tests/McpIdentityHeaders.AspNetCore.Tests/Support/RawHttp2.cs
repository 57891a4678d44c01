using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>
/// One HTTP/2 request by hand (RFC 9113 and 7541), for fields that HttpClient would merge. A character is a byte; names go in lower case,
/// since HTTP/2 has no others. Of the response's fields only :status is read.
/// </summary>
internal static class RawHttp2
{
    /// <summary>Stands for the status where the server has ended the whole connection.</summary>
    public const int ConnectionEnded = 0;

    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Settings = 4;
    private const byte GoAway = 7;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    public static async Task<RawResponse> GetAsync(Uri server, string path, params string[] lines)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port);
        await using NetworkStream stream = client.GetStream();

        try
        {
            return await GetAsync(stream, path, lines);
        }
        catch (IOException)
        {
            // A server that closes a connection may do so before its GOAWAY is read.
            return new RawResponse(ConnectionEnded, [], []);
        }
    }

    private static async Task<RawResponse> GetAsync(Stream stream, string path, string[] lines)
    {
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await WriteFrameAsync(stream, Settings, 0, 0, []);
        await WriteFrameAsync(stream, Headers, EndStream | EndHeaders, 1, Fields(path, lines));

        int status = 0;
        using var body = new MemoryStream();
        while (true)
        {
            (byte type, byte flags, byte[] payload) = await ReadFrameAsync(stream);
            switch (type)
            {
                case Headers:
                    status = Status(payload);
                    break;
                case Data:
                    body.Write(payload);
                    break;
                case Settings when (flags & 1) == 0:
                    await WriteFrameAsync(stream, Settings, 1, 0, []);
                    break;
                case GoAway:
                    return new RawResponse(ConnectionEnded, [], []);
            }

            if (type is Data or Headers && (flags & EndStream) != 0)
            {
                return new RawResponse(status, [], body.ToArray());
            }
        }
    }

    private static byte[] Fields(string path, string[] lines)
    {
        using var block = new MemoryStream();
        Add(":method", "GET");
        Add(":scheme", "http");
        Add(":path", path);
        Add(":authority", "backend.test");
        foreach (string line in lines)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
#pragma warning disable CA1308 // HTTP/2 field names are lower case.
            Add(line[..colon].ToLowerInvariant(), line[(colon + 1)..] is [' ', .. string value] ? value : string.Empty);
#pragma warning restore CA1308
        }

        return block.ToArray();

        void Add(string name, string value)
        {
            // A literal without indexing, new name, no Huffman code.
            block.WriteByte(0);
            AddText(name);
            AddText(value);
        }

        void AddText(string text)
        {
            byte[] bytes = Encoding.Latin1.GetBytes(text);
            int rest = bytes.Length;
            if (rest < 127)
            {
                block.WriteByte((byte)rest);
            }
            else
            {
                block.WriteByte(127);
                for (rest -= 127; rest >= 128; rest /= 128)
                {
                    block.WriteByte((byte)((rest % 128) | 128));
                }

                block.WriteByte((byte)rest);
            }

            block.Write(bytes);
        }
    }

    /// <summary>The first field is :status: of the static table (8 to 14), or a literal with its name from there.</summary>
    private static int Status(byte[] block)
    {
        int[] known = [200, 204, 206, 304, 400, 404, 500];
        int first = 0;
        while ((block[first] & 0xE0) == 0x20)
        {
            first++;
        }

        if ((block[first] & 0x80) != 0)
        {
            return known[(block[first] & 0x7F) - 8];
        }

        Assert.Equal(8, block[first] & ((block[first] & 0x40) != 0 ? 0x3F : 0x0F));
        Assert.Equal(3, block[first + 1]);
        return int.Parse(block.AsSpan(first + 2, 3), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task WriteFrameAsync(Stream stream, byte type, byte flags, int streamId, byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame);
    }

    private static async Task<(byte Type, byte Flags, byte[] Payload)> ReadFrameAsync(Stream stream)
    {
        byte[] head = new byte[9];
        await stream.ReadExactlyAsync(head);
        byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >>> 8];
        await stream.ReadExactlyAsync(payload);
        return (head[3], head[4], payload);
    }
}
