using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Stands for the application's own code, which calls a backend wherever it is called itself.</summary>
internal sealed class Notes(IMcpClientPool clients)
{
    public async Task<string> WhoAmIAsync(CancellationToken cancellationToken = default)
    {
        await using McpClientLease lease = await clients.RentAsync("notes", cancellationToken);
        CallToolResult result = await lease.Client.CallToolAsync("whoami", cancellationToken: cancellationToken);
        return result.Content.OfType<TextContentBlock>().Single().Text;
    }

    /// <summary>A call for each item, and one more as the stream ends.</summary>
    public async IAsyncEnumerable<string> StreamAsync(
        List<string>? ended = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        try
        {
            for (int item = 0; item < 3; item++)
            {
                yield return await WhoAmIAsync(cancellationToken);
            }
        }
        finally
        {
            ended?.Add(await WhoAmIAsync(CancellationToken.None));
        }
    }
}
