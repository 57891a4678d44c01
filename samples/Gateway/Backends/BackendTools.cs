using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Gateway.Sessions;
using McpIdentityHeaders;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Gateway.Backends;

/// <summary>
/// What is known of the backends' tools, for each user: which arguments a backend wants in headers too (SEP-2243), and which tools insist
/// on tasks. The SDK's server compares a client's headers with the arguments by it, as it does with tools of its own.
/// </summary>
internal sealed class BackendTools(
    BackendDirectory backends,
    IMcpClientPool pool,
    ClientProfile profile,
    IIdentityAccessor accessor,
    GatewayLimits limits,
    ILogger<BackendTools> logger)
    : McpServerPrimitiveCollection<McpServerTool>, IConfigureOptions<McpServerOptions>, IDisposable
{
    // Where the SDK's transport looks for the definition of the tool that is called.
    private const string ToolItem = "Mcp.Tool";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    // A backend that does not list its tools must not keep each call waiting for that.
    private static readonly TimeSpan LifetimeOfFailure = TimeSpan.FromMinutes(1);

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    public void Configure(McpServerOptions options) => options.ToolCollection = this;

    /// <summary>Middleware: reads a backend's tools before the SDK judges a call of one by its headers.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (headers["Mcp-Method"] == RequestMethods.ToolsCall
            && McpHeaderEncoder.DecodeValue(headers["Mcp-Name"]) is { } name
            && backends.TryResolve(name, out string? prefix, out _)
            && Find(prefix) is null)
        {
            using IdentityScope scope = AmbientIdentity.Use(profile.User);
            await LearnAsync(prefix, context.RequestAborted);
        }

        await next(context);
    }

    /// <summary>Finds what is known of a tool in front of the gateway, for the user of the moment.</summary>
    public override bool TryGetPrimitive(string name, [NotNullWhen(true)] out McpServerTool? primitive)
    {
        primitive = backends.TryResolve(name, out string? prefix, out string? tool) ? Find(prefix)?.GetValueOrDefault(tool) : null;
        return primitive is not null;
    }

    /// <summary>Adds what is known of the tool to a call of it, so that the backend gets its headers.</summary>
    /// <exception cref="McpProtocolException">The tool is none that can be called through the gateway.</exception>
    public void Prepare(string prefix, JsonRpcRequest request)
    {
        if (request.Method != RequestMethods.ToolsCall
            || (request.Params as JsonObject)?["name"] is not JsonValue name
            || Find(prefix)?.GetValueOrDefault(name.ToString()) is not { } tool)
        {
            return;
        }

        if (tool.NeedsTask)
        {
            throw new McpProtocolException(
                $"The tool '{BackendDirectory.Qualify(prefix, name.ToString())}' can be called as a task only, and the gateway passes on "
                + "none.",
                McpErrorCode.InvalidParams);
        }

        request.Context = new JsonRpcMessageContext { Items = new Dictionary<string, object?> { [ToolItem] = tool.ProtocolTool } };
    }

    /// <summary>Keeps what a list of all of a backend's tools says, for the user of the moment.</summary>
    public void Keep(string prefix, IEnumerable<JsonObject> tools) => Keep(prefix, tools, Lifetime);

    /// <summary>Reads a backend's tools, unless that was done for the user of the moment.</summary>
    public Task EnsureKnownAsync(string prefix, CancellationToken cancellationToken) =>
        Find(prefix) is null ? LearnAsync(prefix, cancellationToken) : Task.CompletedTask;

    /// <summary>Reads a backend's tools as the user of the moment. What cannot be read is the call's to find out.</summary>
    public async Task LearnAsync(string prefix, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.ListTimeout);
        try
        {
            await using McpClientLease lease = await pool.RentAsync(prefix, timeout.Token);
            List<JsonObject> tools = [];
            var budget = new ListBudget(limits);
            JsonNode? result = null;
            do
            {
                var request = new JsonRpcRequest { Method = RequestMethods.ToolsList, Params = new JsonObject() };
                if (result?["nextCursor"] is { } cursor)
                {
                    request.Params["cursor"] = cursor.DeepClone();
                }

                result = (await lease.Client.SendRequestAsync(request, timeout.Token)).Result;
                tools.AddRange((result?["tools"] as JsonArray ?? []).OfType<JsonObject>());
                if (result?["nextCursor"] is not null)
                {
                    budget.Count(result.ToJsonString().Length);
                }
            }
            while (result?["nextCursor"] is not null && budget.HasRoomForNextPage());

            Keep(prefix, tools, Lifetime);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.BackendFailed(logger, prefix, exception);
            if (Find(prefix) is null)
            {
                // What another call has learnt meanwhile, or before, is worth more than nothing.
                Keep(prefix, [], LifetimeOfFailure);
            }
        }
    }

    public void Dispose() => _known.Dispose();

    private void Keep(string prefix, IEnumerable<JsonObject> tools, TimeSpan lifetime)
    {
        var known = new Dictionary<string, BackendTool>();
        foreach (JsonObject listed in tools)
        {
            if (BackendTool.Read(listed) is { } tool)
            {
                known[tool.ProtocolTool.Name] = tool;
            }
        }

        _known.Set(KeyOf(prefix), known, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = lifetime, Size = 1 });
    }

    private Dictionary<string, BackendTool>? Find(string prefix) => _known.Get<Dictionary<string, BackendTool>>(KeyOf(prefix));

    // Backends show each user other tools, and no user is told of another's.
    private (string Prefix, string User) KeyOf(string prefix) => (prefix, UserKey.Of(accessor.User));
}
