using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The gateway in front of the same backend twice: with sessions, and without.</summary>
internal sealed class WorkDeployment : IAsyncDisposable
{
    private readonly RunningApp _sessions;
    private readonly RunningApp _stateless;

    private WorkDeployment(WorkLog log, RunningApp sessions, RunningApp stateless, Deployment gateway)
    {
        Log = log;
        _sessions = sessions;
        _stateless = stateless;
        Gateway = gateway;
    }

    public static IReadOnlyList<string> Backends { get; } = ["sessions", "stateless"];

    /// <summary>Gets each backend with each protocol of a client.</summary>
    public static TheoryData<string, string> All => new()
    {
        { "sessions", "2025-11-25" },
        { "sessions", "2026-07-28" },
        { "stateless", "2025-11-25" },
        { "stateless", "2026-07-28" },
    };

    public WorkLog Log { get; }

    public Deployment Gateway { get; }

    /// <summary>Has a backend say something unasked.</summary>
    public Task NotifyAsync(string backend, string method, JsonObject? parameters = null) =>
        (backend == "sessions" ? _sessions : _stateless).Services.GetRequiredService<WorkNotifier>().NotifyAsync(method, parameters ?? []);

    public static async Task<WorkDeployment> StartAsync()
    {
        var log = new WorkLog();
        RunningApp sessions = await WorkBackend.StartAsync(log, HttpServerSessionMode.Stateful);
        RunningApp stateless = await WorkBackend.StartAsync(log, HttpServerSessionMode.Stateless);
        Deployment gateway = await Deployment.StartAsync(others: [("sessions", sessions.Endpoint), ("stateless", stateless.Endpoint)]);
        return new WorkDeployment(log, sessions, stateless, gateway);
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await _sessions.DisposeAsync();
        await _stateless.DisposeAsync();
    }
}
