using System.Text.Json.Nodes;
using Gateway.Backends;
using McpIdentityHeaders;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Features;

/// <summary>
/// Log messages of backends. On a session the client says once which it wants, and each backend with sessions is told; all others are told
/// with each request. The messages come on the streams of calls, and on the session's own.
/// </summary>
internal sealed class LoggingFeature(BackendDirectory backends, BackendClient client, GatewayLimits limits) : IFeature
{
    private static readonly string[] Levels = [.. Enum.GetNames<LoggingLevel>().Select(level => level.ToLowerInvariant())];

    public IReadOnlyDictionary<string, FeatureHandler> Handlers => new Dictionary<string, FeatureHandler>
    {
        [RequestMethods.LoggingSetLevel] = SetLevelAsync,
    };

    private async Task<JsonObject> SetLevelAsync(CallerRequest request, CancellationToken cancellationToken)
    {
        string level = request.GetString("level");
        if (!Levels.Contains(level))
        {
            throw new McpProtocolException($"Unknown log level: '{level}'", McpErrorCode.InvalidParams);
        }

        request.Session!.LogLevel = level;
        await Task.WhenAll(backends.Prefixes.Select(prefix => SetLevelAsync(prefix, level, request, cancellationToken)));
        return [];
    }

    private async Task SetLevelAsync(string prefix, string level, CallerRequest request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.ListTimeout);
        try
        {
            await using McpClientLease lease = await client.RentAsync(prefix, request, timeout.Token);
            if (!lease.Client.HasNoHandshake() && lease.Client.ServerCapabilities.Logging is not null)
            {
                await client.SendAsync(prefix, request.Method, new JsonObject { ["level"] = level }, request, timeout.Token);
            }
        }
        catch (Exception exception) when (
            exception is BackendErrorException or BackendUnavailableException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            // A backend that does not take it logs as it did, and the others as they are told.
        }
    }
}
