using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Internal;

/// <summary>All valid settings of one client at one moment: a change of any takes effect with all others, or not at all.</summary>
/// <param name="Injector">The injector of the header settings; null for a client without claim injection.</param>
/// <param name="Transport">The options that MCP sessions are opened with.</param>
/// <param name="PoolOptions">The options of the client's pool.</param>
internal sealed record ClientSnapshot(ClaimInjector? Injector, HttpClientTransportOptions Transport, McpClientPoolOptions PoolOptions);
