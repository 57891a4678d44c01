using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The clients of several users, which leave together.</summary>
internal sealed class ClientCollection : List<McpClient>, IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await Task.WhenAll(this.Select(client => client.DisposeAsync().AsTask()));
}
