using System.Diagnostics;
using System.Globalization;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>How much memory an open session takes in the program that holds it, and what it consists of. The server is another process.</summary>
internal static class MemoryReport
{
    private const int WarmUp = 200;
    private const int AtOnce = 32;

    public static async Task RunAsync(int sessions)
    {
        using Process server = StartServer(out Uri endpoint);
        try
        {
            Console.WriteLine($"{sessions} sessions, {Environment.OSVersion}, .NET {Environment.Version}, {Environment.ProcessorCount} cores");
            Console.WriteLine("| sessions | managed bytes each | resident bytes each |");
            Console.WriteLine("| --- | ---: | ---: |");
            await ReportAsync("clients of IMcpClientFactory, no socket", sessions, () => new Gateway(endpoint, inMemory: true), OpenOwnAsync);
            await ReportAsync("pooled, no socket", sessions, () => new Gateway(endpoint, inMemory: true), OpenPooledAsync);
            await ReportAsync("pooled, loopback, no GET stream", sessions, () => new Gateway(endpoint, inMemory: false, stream: false), OpenPooledAsync);
            await ReportAsync("pooled, loopback, GET stream", sessions, () => new Gateway(endpoint, inMemory: false), OpenPooledAsync);
        }
        finally
        {
            server.Kill();
        }
    }

    private static async Task ReportAsync(
        string what, int sessions, Func<Gateway> newGateway, Func<Gateway, int, List<object>, Task> openAsync)
    {
        List<object> kept = [];
        await using Gateway gateway = newGateway();
        for (int number = 0; number < WarmUp; number++)
        {
            await openAsync(gateway, number, kept);
        }

        (long managed, long resident) before = Measure();
        for (int number = WarmUp; number < WarmUp + sessions; number++)
        {
            await openAsync(gateway, number, kept);
        }

        // The streams are opened beside the sessions, which do not wait for them.
        (long managed, long resident) after = await SettledAsync();
        GC.KeepAlive(kept);

        string row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {(after.managed - before.managed) / sessions:N0} | {(after.resident - before.resident) / sessions:N0} |");
        Console.WriteLine(row);

        await Task.WhenAll(kept.OfType<McpClient>().Chunk(AtOnce).Select(async clients =>
        {
            foreach (McpClient client in clients)
            {
                await client.DisposeAsync();
            }
        }));
    }

    private static Task OpenPooledAsync(Gateway gateway, int number, List<object> kept) => gateway.OpenAsync(Gateway.NewUser(number));

    private static async Task OpenOwnAsync(Gateway gateway, int number, List<object> kept)
    {
        gateway.User = Gateway.NewUser(number);
        kept.Add(await gateway.Factory.CreateClientAsync(Gateway.ClientName));
    }

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
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var self = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), self.WorkingSet64);
    }

    private static Process StartServer(out Uri endpoint)
    {
        Process server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "serve" },
            RedirectStandardOutput = true,
        })!;
        endpoint = new Uri(server.StandardOutput.ReadLine()!);
        return server;
    }
}
