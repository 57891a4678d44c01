using System.Diagnostics;
using System.Globalization;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// The memory that an open session takes in the client's process. Each row has a separate process, and so has its server.
/// </summary>
internal static class MemoryReport
{
    private const int WarmUp = 200;

    private static readonly string[] Rows =
        ["client of the factory, no socket", "pooled, no socket", "pooled, loopback, no GET stream", "pooled, loopback, GET stream"];

    public static async Task RunAsync(string sessions)
    {
        Console.WriteLine($"{sessions} sessions, .NET {Environment.Version}, {Environment.OSVersion}, {Environment.ProcessorCount} cores");
        Console.WriteLine();
        Console.WriteLine("| session | managed bytes | resident bytes |");
        Console.WriteLine("| --- | ---: | ---: |");
        for (int row = 0; row < Rows.Length; row++)
        {
            using Process server = Start("serve");
            string endpoint = (await server.StandardOutput.ReadLineAsync())!;
            using Process measuring = Start("measure", row.ToString(CultureInfo.InvariantCulture), sessions, endpoint);
            Console.WriteLine(await measuring.StandardOutput.ReadLineAsync());
            await measuring.WaitForExitAsync();
            server.Kill();
        }
    }

    /// <summary>Measures one row: the end of the process closes the sessions.</summary>
    public static async Task MeasureAsync(int row, int sessions, Uri endpoint)
    {
        var gateway = new Gateway(endpoint, inMemory: row < 2, stream: row == 3);
        List<object> kept = [];
        for (int number = 0; number < WarmUp; number++)
        {
            await OpenAsync(gateway, row, number, kept);
        }

        (long managed, long resident) before = await SettledAsync();
        for (int number = WarmUp; number < WarmUp + sessions; number++)
        {
            await OpenAsync(gateway, row, number, kept);
        }

        (long managed, long resident) after = await SettledAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {Rows[row]} | {(after.managed - before.managed) / sessions:N0} | {(after.resident - before.resident) / sessions:N0} |"));
        GC.KeepAlive(kept);
        GC.KeepAlive(gateway);
    }

    private static async Task OpenAsync(Gateway gateway, int row, int number, List<object> kept)
    {
        if (row > 0)
        {
            await gateway.OpenAsync(Gateway.NewUser(number));
            return;
        }

        gateway.User = Gateway.NewUser(number);
        kept.Add(await gateway.Factory.CreateClientAsync(Gateway.ClientName));
    }

    /// <summary>Sessions do not wait for their streams to open: measures until the figures are stable.</summary>
    private static async Task<(long Managed, long Resident)> SettledAsync()
    {
        (long managed, long resident) last = Measure();
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            (long managed, long resident) now = Measure();
            if (Math.Abs(now.managed - last.managed) < 100_000)
            {
                return now;
            }

            last = now;
        }
    }

    private static (long Managed, long Resident) Measure()
    {
        for (int pass = 0; pass < 2; pass++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        using var self = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), self.WorkingSet64);
    }

    private static Process Start(params string[] args) =>
        Process.Start(new ProcessStartInfo(Environment.ProcessPath!, args) { RedirectStandardOutput = true })!;
}
