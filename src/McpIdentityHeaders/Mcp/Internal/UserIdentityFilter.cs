using Microsoft.Extensions.Options;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Internal;

/// <summary>Sets each incoming message's user while the message is handled, before all other filters.</summary>
internal sealed class UserIdentityFilter : IPostConfigureOptions<McpServerOptions>
{
    public void PostConfigure(string? name, McpServerOptions options) => options.Filters.Message.IncomingFilters.Insert(0, Filter);

    private static McpMessageHandler Filter(McpMessageHandler next) => async (context, cancellationToken) =>
    {
        using IdentityScope scope = IdentityScope.OpenForMessage(context);
        try
        {
            await next(context, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            scope.EndOfMessage();
        }
    };
}
