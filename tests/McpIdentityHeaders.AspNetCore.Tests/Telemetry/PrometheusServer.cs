using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>A Prometheus server on a port of the system's choice, which scrapes one program each second.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly ChildProcess _process;
    private readonly HttpClient _http;

    private PrometheusServer(DirectoryInfo folder, ChildProcess process, Uri address)
    {
        _folder = folder;
        _process = process;
        _http = new HttpClient { BaseAddress = address };
    }

    public static string? Program { get; } = ChildProcess.Find("prometheus");

    public static async Task<PrometheusServer> StartAsync(Uri target)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("prometheus-");
        string configuration = Path.Combine(folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $$"""
            global: { scrape_interval: 1s }
            scrape_configs:
              - { job_name: gateway, static_configs: [ { targets: [ "{{target.Authority}}" ] } ] }
            """);
        ChildProcess process = ChildProcess.Start(
            Program!,
            $"--config.file={configuration}",
            $"--storage.tsdb.path={Path.Combine(folder.FullName, "data")}",
            "--web.listen-address=127.0.0.1:0");
        string address = await process.WaitForAsync(
            line => Listening().Match(line) is { Success: true } match ? match.Groups["address"].Value : null);
        await process.WaitForAsync(line => line.Contains("Server is ready", StringComparison.Ordinal) ? line : null);
        return new PrometheusServer(folder, process, new Uri($"http://{address}"));
    }

    /// <summary>Runs a query, and gives how many series it finds.</summary>
    public async Task<int> CountSeriesAsync(string query)
    {
        using HttpResponseMessage response = await _http.GetAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}");
        using JsonDocument answer = (await response.Content.ReadFromJsonAsync<JsonDocument>())!;
        Assert.True(response.IsSuccessStatusCode, $"{query}: {answer.RootElement}");
        return answer.RootElement.GetProperty("data").GetProperty("result").GetArrayLength();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [GeneratedRegex("\"Listening on\" address=(?<address>\\S+)")]
    private static partial Regex Listening();
}
