using System.Net.Sockets;
using StackExchange.Redis;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A Redis server on a Unix socket in a directory of its own, without a port that could be taken.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly ChildProcess _process;

    private RedisServer(DirectoryInfo folder, ChildProcess process)
    {
        _folder = folder;
        _process = process;
    }

    public static string? Program { get; } = ChildProcess.Find("redis-server");

    public static async Task<RedisServer> StartAsync()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("redis-");
        ChildProcess process = ChildProcess.Start(
            Program!, "--port", "0", "--unixsocket", SocketIn(folder), "--dir", folder.FullName, "--save", "");
        await process.WaitForAsync(line => line.Contains("connections at", StringComparison.Ordinal) ? line : null);
        return new RedisServer(folder, process);
    }

    public async Task<IConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync(
        new ConfigurationOptions { EndPoints = { new UnixDomainSocketEndPoint(SocketIn(_folder)) } });

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static string SocketIn(DirectoryInfo folder) => Path.Combine(folder.FullName, "redis.sock");
}
