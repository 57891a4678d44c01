using Microsoft.AspNetCore.SignalR;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed class IdentityHubFilter : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        using IdentityScope scope = AmbientIdentity.Use(invocationContext.Context.User);
        return await next(invocationContext);
    }

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next) =>
        AmbientIdentity.RunAsync(context.Context.User, () => next(context));

    public Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next) =>
        AmbientIdentity.RunAsync(context.Context.User, () => next(context, exception));
}
// </snippet>
