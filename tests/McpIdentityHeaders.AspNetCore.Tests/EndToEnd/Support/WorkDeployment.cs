using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>
/// The gateway in front of the same backend three times: with sessions, without, and with them for clients that need them.
/// </summary>
internal sealed class WorkDeployment : IAsyncDisposable
{
    private static readonly Dictionary<string, HttpServerSessionMode> Modes = new()
    {
        ["sessions"] = HttpServerSessionMode.Stateful,
        ["stateless"] = HttpServerSessionMode.Stateless,
        ["either"] = HttpServerSessionMode.StatefulForInitializeClients,
    };

    private readonly Dictionary<string, RunningApp> _backends = [];

    private WorkDeployment()
    {
    }

    public static IReadOnlyCollection<string> Backends => Modes.Keys;

    /// <summary>Gets each backend with each protocol of a client.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string backend in Backends)
            {
                all.Add(backend, "2025-11-25");
                all.Add(backend, "2026-07-28");
            }

            return all;
        }
    }

    public WorkLog Log { get; } = new();

    public Deployment Gateway { get; private set; } = null!;

    /// <summary>Has a backend say something unasked.</summary>
    public Task NotifyAsync(string backend, string method, JsonObject? parameters = null) =>
        GetNotifier(backend).NotifyAsync(method, parameters ?? []);

    /// <summary>Has a backend ask on a user's session, beside any call, once that listens.</summary>
    public Task<string> AskAsync(string backend, string user, string kind) => GetNotifier(backend).AskAsync(user, kind);

    /// <param name="settings">The gateway's settings beside those of every deployment.</param>
    public static async Task<WorkDeployment> StartAsync(params (string Key, string Value)[] settings)
    {
        var deployment = new WorkDeployment();
        foreach ((string backend, HttpServerSessionMode mode) in Modes)
        {
            deployment._backends[backend] = await WorkBackend.StartAsync(deployment.Log, mode);
        }

        deployment.Gateway = await Deployment.StartAsync(
            settings, others: [.. deployment._backends.Select(backend => (backend.Key, backend.Value.Endpoint))]);
        return deployment;
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        foreach (RunningApp backend in _backends.Values)
        {
            await backend.DisposeAsync();
        }
    }

    private WorkNotifier GetNotifier(string backend) => _backends[backend].Services.GetRequiredService<WorkNotifier>();
}
