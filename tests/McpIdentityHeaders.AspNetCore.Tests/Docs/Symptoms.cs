using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>What a mistake shows: log lines, outcomes that were counted, errors, and statuses.</summary>
internal sealed class Symptoms : IDisposable
{
    private readonly List<string> _texts = [];
    private readonly List<MetricCollector<long>> _requests = [];

    public FakeLogCollector Logs { get; } =
        FakeLogCollector.Create(new FakeLogCollectorOptions { CollectRecordsForDisabledLogLevels = true });

    /// <summary>Gets the reasons of refusals.</summary>
    public List<ClaimInjectionErrorReason> Reasons { get; } = [];

    /// <summary>Gets the names of the logged events.</summary>
    public IEnumerable<string> Events => Logs.GetSnapshot().Select(record => record.Id.Name ?? string.Empty);

    /// <summary>Gets the outcomes that mcp.identity.requests counted, each once.</summary>
    public IEnumerable<string> Outcomes =>
        _requests
            .SelectMany(requests => requests.GetMeasurementSnapshot())
            .Select(measured => (string)measured.Tags["outcome"]!)
            .Distinct();

    /// <summary>Gets all log lines, with the errors in them, and the messages of errors and responses.</summary>
    public IEnumerable<string> Texts =>
    [
        .. Logs.GetSnapshot().SelectMany(record => new[] { record.Message, record.Exception?.Message }).OfType<string>(),
        .. _texts,
    ];

    /// <summary>Counts the outcomes of these services' requests.</summary>
    public void Watch(IServiceProvider services) => _requests.Add(
        new MetricCollector<long>(services.GetRequiredService<IMeterFactory>(), "McpIdentityHeaders", "mcp.identity.requests"));

    public void Add(string text) => _texts.Add(text);

    /// <summary>Does what fails, and keeps the error.</summary>
    public async Task FailAsync(Func<Task> act)
    {
        Exception error = await Assert.ThrowsAnyAsync<Exception>(act);
        _texts.Add(error.Message);
        if (error is ClaimInjectionException refused)
        {
            Reasons.Add(refused.Reason);
        }
    }

    public void Dispose() => _requests.ForEach(requests => requests.Dispose());
}
