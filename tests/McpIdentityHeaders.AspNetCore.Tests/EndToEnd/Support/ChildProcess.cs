using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A program that runs beside a test until it is disposed of, and the lines that it writes.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _all = new();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Task _reading;

    private ChildProcess(Process process)
    {
        _process = process;
        _reading = ReadAsync();
    }

    /// <summary>Gets what it has written. That is all of it once it has been stopped.</summary>
    public IReadOnlyCollection<string> Lines => _all;

    /// <summary>Where a program is, or null. Servers are often where only an administrator's PATH leads.</summary>
    public static string? Find(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin".Split(':')
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    public static ChildProcess Start(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Waits for a line that answers the question, and gives the answer. Lines that do not (null) are passed over.</summary>
    public async Task<T> WaitForAsync<T>(Func<string, T?> answer)
        where T : class
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await foreach (string line in _lines.Reader.ReadAllAsync(patience.Token))
            {
                if (answer(line) is { } found)
                {
                    return found;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }

        throw new InvalidOperationException($"{_process.StartInfo.FileName} did not write what was waited for:\n{string.Join('\n', _all)}");
    }

    public async Task StopAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        await Task.WhenAll(ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError));
        _lines.Writer.Complete();
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            _all.Enqueue(line);
            _lines.Writer.TryWrite(line);
        }
    }
}
